-- Routing rules: which of a merchant's connections take which charges, in the order in which they are asked.
CREATE TABLE routing_rules (
    merchant_id uuid        NOT NULL REFERENCES merchants (id),
    id          uuid        NOT NULL,
    name        text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    -- Lower is asked first; among equals the older one.
    priority    integer     NOT NULL CHECK (priority BETWEEN 0 AND 10000),
    enabled     boolean     NOT NULL,
    -- The rule as it is written, name and priority included: read as a whole by the same code that reads it from operators.
    document    jsonb       NOT NULL,
    -- Counts changes, so that a change is made to the row that was read.
    version     bigint      NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT routing_rules_name UNIQUE (merchant_id, name)
);
