-- Cardholders as their issuers know them. What says who they are is sealed; the service needs little of it.
CREATE TABLE acs.cardholders (
    issuer_id      text        NOT NULL REFERENCES acs.issuers,
    consumer_id    text        NOT NULL CHECK (consumer_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    -- A BCP 47 tag such as es-MX.
    language       text        CHECK (length(language) BETWEEN 2 AND 5),
    -- Whether the bank's app is there to ask.
    app_registered boolean     NOT NULL DEFAULT false,
    -- Names, e-mail, date of birth, address: a JSON document, sealed.
    contact        bytea       NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (issuer_id, consumer_id)
);

-- Phones that codes may go to, the preferred one first.
CREATE TABLE acs.phones (
    issuer_id   text     NOT NULL,
    consumer_id text     NOT NULL,
    position    smallint NOT NULL CHECK (position BETWEEN 0 AND 4),
    -- The E.164 number, sealed.
    number      bytea    NOT NULL,
    -- The keyed hash by which logs and counters know it.
    number_hash bytea    NOT NULL CHECK (length(number_hash) = 8),
    PRIMARY KEY (issuer_id, consumer_id, position),
    FOREIGN KEY (issuer_id, consumer_id) REFERENCES acs.cardholders ON DELETE CASCADE
);
