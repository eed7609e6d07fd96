-- Remote 3DS Servers: those of others, which speak the 3DS Server API and which a connection may name instead of our own.
CREATE TABLE remote_threeds_servers (
    -- What connections call it, and results that it brought.
    name            text        PRIMARY KEY CHECK (char_length(name) BETWEEN 1 AND 40),
    -- What comes before `/v2/…`.
    base_url        text        NOT NULL CHECK (char_length(base_url) <= 2048),
    -- Who we are there.
    merchant_id     text        NOT NULL CHECK (char_length(merchant_id) BETWEEN 1 AND 15),
    read_timeout_ms integer     NOT NULL CHECK (read_timeout_ms BETWEEN 1 AND 15000),
    -- The merchant key, and the private key that signs creations if there is one, as one sealed JSON object.
    secrets_sealed  bytea       NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);
