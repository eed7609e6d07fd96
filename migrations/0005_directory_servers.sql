-- Directory servers: where each brand's 3-D Secure messages go, and what we are called there.
CREATE TABLE directory_servers (
    -- The brand's lower-case word.
    brand              text        PRIMARY KEY,
    url                text        NOT NULL CHECK (char_length(url) <= 2048),
    -- Tried when the first cannot be reached.
    backup_url         text        CHECK (char_length(backup_url) <= 2048),
    connect_timeout_ms integer     NOT NULL CHECK (connect_timeout_ms BETWEEN 1 AND 60000),
    read_timeout_ms    integer     NOT NULL CHECK (read_timeout_ms BETWEEN 1 AND 60000),
    -- `threeDSServerRefNumber`, EMVCo's approval number, and `threeDSServerOperatorID` where the directory server
    -- assigns one. NULL: as in the configuration.
    reference_number   text        CHECK (char_length(reference_number) BETWEEN 1 AND 32),
    operator_id        text        CHECK (char_length(operator_id) BETWEEN 1 AND 32),
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL
);
