-- Imports in bulk. An upload is cut into batches, each sealed and kept until it is worked off; so an upload that was cut
-- goes on where it ended, and a process that died leaves nothing half done.
CREATE TABLE acs.imports (
    issuer_id      text        NOT NULL REFERENCES acs.issuers,
    import_id      text        NOT NULL CHECK (import_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    -- Lines that are kept or were worked off; an upload of the same name goes on after them.
    lines_received bigint      NOT NULL DEFAULT 0,
    -- Whether the upload came to its end.
    complete       boolean     NOT NULL DEFAULT false,
    rows_taken     bigint      NOT NULL DEFAULT 0,
    rows_refused   bigint      NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    -- When the last row of a complete upload was worked off.
    finished_at    timestamptz,
    PRIMARY KEY (issuer_id, import_id),
    CHECK (rows_taken + rows_refused <= lines_received)
);

CREATE TABLE acs.import_batches (
    issuer_id  text        NOT NULL,
    import_id  text        NOT NULL,
    -- The number of its first line, from 1.
    first_line bigint      NOT NULL,
    lines      integer     NOT NULL CHECK (lines > 0),
    -- The lines, sealed.
    content    bytea       NOT NULL,
    queued_at  timestamptz NOT NULL,
    PRIMARY KEY (issuer_id, import_id, first_line),
    FOREIGN KEY (issuer_id, import_id) REFERENCES acs.imports ON DELETE CASCADE
);

CREATE INDEX import_batches_queue ON acs.import_batches (queued_at, first_line);

-- Rows that were not taken, and why; never what they said.
CREATE TABLE acs.import_refusals (
    issuer_id text   NOT NULL,
    import_id text   NOT NULL,
    line      bigint NOT NULL,
    field     text   NOT NULL,
    code      text   NOT NULL,
    detail    text   NOT NULL,
    PRIMARY KEY (issuer_id, import_id, line),
    FOREIGN KEY (issuer_id, import_id) REFERENCES acs.imports ON DELETE CASCADE
);
