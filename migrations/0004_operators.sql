-- Operators: the people who work in the admin.
CREATE TABLE operators (
    id            uuid        PRIMARY KEY,
    -- Lower case, since addresses are typed either way.
    email         text        NOT NULL CONSTRAINT operators_email UNIQUE CHECK (email = lower(email)),
    -- Argon2id in PHC string format.
    password_hash text        NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

-- Sessions are looked up by a keyed hash of their random token, so that the table gives nobody a session.
CREATE TABLE operator_sessions (
    token_hash  bytea       PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    operator_id uuid        NOT NULL REFERENCES operators (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);

CREATE INDEX operator_sessions_by_operator ON operator_sessions (operator_id);

-- Failed logins by a keyed hash of the address that was tried, whether such an operator exists or not: a lock that
-- only known addresses could get would tell which are known.
CREATE TABLE login_failures (
    subject_hash bytea       PRIMARY KEY CHECK (octet_length(subject_hash) = 32),
    failures     integer     NOT NULL CHECK (failures > 0),
    last_at      timestamptz NOT NULL
);

CREATE INDEX login_failures_by_age ON login_failures (last_at);
