-- Who may call for an account of DirectLink.
CREATE TABLE directlink_users (
    pspid         text        NOT NULL REFERENCES directlink_accounts (pspid),
    userid        text        NOT NULL CHECK (char_length(userid) BETWEEN 2 AND 20),
    -- Keyed hash of the password, which is made by us or at least eight characters long, shown once and not kept.
    password_hash bytea       NOT NULL CHECK (octet_length(password_hash) = 32),
    -- Wrong passwords in a row; five lock the user until an operator unlocks it.
    failures      smallint    NOT NULL DEFAULT 0 CHECK (failures >= 0),
    status        text        NOT NULL CHECK (status IN ('active', 'disabled')),
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (pspid, userid)
);
