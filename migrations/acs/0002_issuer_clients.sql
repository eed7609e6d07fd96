-- Programs of an issuer that call us. A client signs its assertions with the private half of `public_key`; while a key is
-- being changed the one before stays good until `previous_until`.
CREATE TABLE acs.issuer_clients (
    client_id           text        PRIMARY KEY CHECK (client_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    issuer_id           text        NOT NULL REFERENCES acs.issuers,
    -- Points of P-256, uncompressed: 04 and two coordinates.
    public_key          bytea       NOT NULL CHECK (length(public_key) = 65),
    previous_public_key bytea       CHECK (length(previous_public_key) = 65),
    previous_until      timestamptz,
    disabled_at         timestamptz,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CHECK ((previous_public_key IS NULL) = (previous_until IS NULL))
);

CREATE INDEX issuer_clients_of_issuer ON acs.issuer_clients (issuer_id, client_id);

-- Assertions that were taken, so that none is taken twice; a row may go once its assertion has expired by itself.
CREATE TABLE acs.assertions (
    client_id      text        NOT NULL REFERENCES acs.issuer_clients,
    -- Of `jti`, or of the whole assertion where it has none.
    assertion_hash bytea       NOT NULL CHECK (length(assertion_hash) = 32),
    expires_at     timestamptz NOT NULL,
    PRIMARY KEY (client_id, assertion_hash)
);

CREATE INDEX assertions_expired ON acs.assertions (expires_at);

-- Access tokens, as hashes: a token is 32 random bytes, so a plain hash cannot be searched.
CREATE TABLE acs.access_tokens (
    token_hash bytea       PRIMARY KEY CHECK (length(token_hash) = 32),
    client_id  text        NOT NULL REFERENCES acs.issuer_clients,
    expires_at timestamptz NOT NULL
);

CREATE INDEX access_tokens_expired ON acs.access_tokens (expires_at);
CREATE INDEX access_tokens_of_client ON acs.access_tokens (client_id);
