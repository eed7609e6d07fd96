-- API keys, in pairs: an application is a private and a public key that are issued and revoked together.
CREATE TABLE applications (
    merchant_id uuid        NOT NULL REFERENCES merchants (id),
    id          uuid        NOT NULL,
    name        text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    -- The word between `sk_` and the random part.
    environment text        NOT NULL CHECK (environment IN ('sandbox', 'production')),
    created_at  timestamptz NOT NULL,
    revoked_at  timestamptz,
    PRIMARY KEY (merchant_id, id)
);

CREATE TABLE api_keys (
    merchant_id    uuid  NOT NULL,
    id             uuid  NOT NULL,
    application_id uuid  NOT NULL,
    kind           text  NOT NULL CHECK (kind IN ('private', 'public')),
    -- Keyed hash of the key; the key itself is shown once and not kept. Unique over all merchants, since the key is
    -- what tells which merchant calls: the one look-up that does not start from the merchant.
    key_hash       bytea NOT NULL CONSTRAINT api_keys_key_hash UNIQUE CHECK (octet_length(key_hash) = 32),
    -- For people to tell keys apart.
    last_four      text  NOT NULL CHECK (char_length(last_four) = 4),
    -- The private key, sealed, because it also signs the compatible webhook header; public keys sign nothing.
    sealed         bytea,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT api_keys_of_application UNIQUE (merchant_id, application_id, kind),
    FOREIGN KEY (merchant_id, application_id) REFERENCES applications (merchant_id, id),
    CHECK ((sealed IS NOT NULL) = (kind = 'private'))
);
