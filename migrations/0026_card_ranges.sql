-- Card ranges as last received from each directory server, so that a process that starts has them before the directory
-- server answers.
CREATE TABLE card_range_snapshots (
    brand         text        NOT NULL PRIMARY KEY,
    serial_num    text,
    snapshot      jsonb       NOT NULL,
    received_at   timestamptz NOT NULL
);
