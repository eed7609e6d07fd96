-- The names by which providers know messages, one row a part of a message. Receipts may come before we know whose name it
-- is, since a provider may be quicker with them than with its answer; such a row waits for its message.
CREATE TABLE acs.sms_parts (
    provider            text        NOT NULL,
    provider_reference  text        NOT NULL CHECK (length(provider_reference) BETWEEN 1 AND 128),
    acs_trans_id        uuid,
    generation          integer,
    status              text        NOT NULL CHECK (status IN
                            ('accepted', 'sent', 'delivered', 'undelivered', 'failed', 'expired')),
    code                text        CHECK (length(code) <= 64),
    heard_at            timestamptz NOT NULL,
    PRIMARY KEY (provider, provider_reference),
    CHECK ((acs_trans_id IS NULL) = (generation IS NULL))
);
CREATE INDEX sms_parts_of_delivery ON acs.sms_parts (acs_trans_id, generation);
CREATE INDEX sms_parts_age ON acs.sms_parts (heard_at);
