-- Merchants: who sells, in which currencies, and where they want to be told of it.
CREATE TABLE merchants (
    id                    uuid        PRIMARY KEY,
    name                  text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    -- ISO 3166-1 alpha-2.
    country               text        NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    -- ISO 4217 alphabetic codes.
    currencies            text[]      NOT NULL CHECK (cardinality(currencies) BETWEEN 1 AND 50),
    -- Where events go when an order does not say.
    notify_url            text        CHECK (char_length(notify_url) <= 2048),
    -- The `whsec_` secret that signs webhooks, sealed: it must be had back, so a hash would not do.
    webhook_secret_sealed bytea       NOT NULL,
    -- Calls per second this merchant may make; NULL: as many as the configuration gives everybody.
    reads_per_second      integer     CHECK (reads_per_second > 0),
    writes_per_second     integer     CHECK (writes_per_second > 0),
    -- Counts changes, so that a change is made to the row that was read.
    version               bigint      NOT NULL,
    created_at            timestamptz NOT NULL,
    updated_at            timestamptz NOT NULL
);
