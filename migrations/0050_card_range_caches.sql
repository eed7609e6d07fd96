-- Card ranges of up to 200,000 entries: the ranges in chunks of bytes instead of one document, with what is known of the
-- last request beside them, so that the processes of an installation ask a directory server once and not once each.
-- card_range_snapshots (0026) is written no more; a later release drops it. Nothing is lost: the ranges are asked for anew.
CREATE TABLE card_range_caches (
    -- The brand's lower-case word.
    brand         text        NOT NULL PRIMARY KEY,
    -- The directory server that told them; another one under the same brand starts from nothing.
    directory_url text        NOT NULL,
    -- How the last PReq went and when; the MPI's own form.
    last_preq     jsonb       NOT NULL,
    -- What is known besides the ranges; the MPI's own form. NULL: nothing has been told yet.
    header        jsonb,
    -- Grows by one with every change of header or chunks.
    generation    bigint      NOT NULL DEFAULT 0,
    received_at   timestamptz,
    -- Who is asking just now, and until when that is believed.
    leased_by     uuid,
    leased_until  timestamptz,
    CHECK ((leased_by IS NULL) = (leased_until IS NULL))
);

CREATE TABLE card_range_chunks (
    brand    text    NOT NULL REFERENCES card_range_caches ON DELETE CASCADE,
    ordinal  integer NOT NULL CHECK (ordinal >= 0),
    -- What the bytes are: what is said of ranges, or ranges.
    kind     text    NOT NULL CHECK (kind IN ('attributes', 'rows')),
    content  bytea   NOT NULL,
    PRIMARY KEY (brand, ordinal)
);
