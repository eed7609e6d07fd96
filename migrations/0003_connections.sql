-- Connections: a merchant's accounts at processors, and what our MPI tells directory servers about the merchant.
CREATE TABLE connections (
    merchant_id                   uuid        NOT NULL REFERENCES merchants (id),
    id                            uuid        NOT NULL,
    name                          text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    processor_name                text        NOT NULL,
    status                        text        NOT NULL CHECK (status IN ('active', 'inactive', 'disabled')),
    operation                     text        NOT NULL CHECK (operation IN ('purchase', 'authorization')),
    -- ISO 4217 alphabetic codes; ISO 3166-1 alpha-2 codes, none for any country.
    currencies                    text[]      NOT NULL CHECK (cardinality(currencies) BETWEEN 1 AND 50),
    countries                     text[]      NOT NULL,
    -- NULL: the adapter's own default.
    base_url                      text        CHECK (char_length(base_url) <= 2048),
    -- Overrides of the windows that the adapter declares for its inquiry.
    inquiry_visible_after_seconds integer     CHECK (inquiry_visible_after_seconds >= 0),
    inquiry_final_after_seconds   integer     CHECK (inquiry_final_after_seconds >= 0),
    -- Lower is tried first.
    preference                    integer     NOT NULL,
    -- Provider, policies and MPI data per brand: read and written as a whole, never searched.
    three_ds                      jsonb       NOT NULL,
    -- The credentials by name as one sealed JSON object.
    credentials_sealed            bytea       NOT NULL,
    -- From the first activation on, the credentials stay as they are.
    activated_at                  timestamptz,
    -- Counts changes, so that a change is made to the row that was read.
    version                       bigint      NOT NULL,
    created_at                    timestamptz NOT NULL,
    updated_at                    timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT connections_name UNIQUE (merchant_id, name),
    CHECK (status <> 'active' OR activated_at IS NOT NULL)
);
