-- Card products and the account numbers they stand for.
CREATE TABLE acs.products (
    issuer_id  text        NOT NULL REFERENCES acs.issuers,
    product_id text        NOT NULL CHECK (product_id ~ '^[A-Za-z0-9_-]{1,48}$'),
    brand      text        NOT NULL CHECK (brand ~ '^[a-z]{2,16}$'),
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (issuer_id, product_id)
);

-- Every number belongs to one product of one issuer at most. Numbers of 19 digits are larger than any bigint, so the
-- bounds are text, compared as numbers.
CREATE TABLE acs.card_ranges (
    issuer_id   text NOT NULL,
    product_id  text NOT NULL,
    range_start text NOT NULL CHECK (range_start ~ '^[1-9][0-9]{12,18}$'),
    range_end   text NOT NULL CHECK (range_end ~ '^[1-9][0-9]{12,18}$'),
    PRIMARY KEY (issuer_id, product_id, range_start),
    FOREIGN KEY (issuer_id, product_id) REFERENCES acs.products ON DELETE CASCADE,
    CHECK (length(range_start) = length(range_end) AND range_start <= range_end),
    CONSTRAINT card_ranges_apart EXCLUDE USING gist (numrange(range_start::numeric, range_end::numeric, '[]') WITH &&)
);
