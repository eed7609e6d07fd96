-- Processor notices: what processors told us of their own accord and what became true by it, one row each, so that a repeat of the
-- same news costs one look. A row is written once the news has been taken in, never before: news whose taking in failed comes
-- again. Kept for longer than any processor repeats its notifications, then dropped by age.
CREATE TABLE processor_notices (
    connection_id uuid        NOT NULL,
    -- SHA-256 of the processor's own words that tell a repeat.
    identity      bytea       NOT NULL CHECK (octet_length(identity) = 32),
    -- What it was about: charge, capture, void, refund, reversal, other.
    about         text        NOT NULL,
    received_at   timestamptz NOT NULL,
    PRIMARY KEY (connection_id, identity)
);

CREATE INDEX processor_notices_by_age ON processor_notices (received_at);
