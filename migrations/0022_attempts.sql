-- Attempts: one row for each request for money to one processor, written before its first byte leaves, so that a
-- process that dies leaves a trace of what it may have done.
CREATE TABLE attempts (
    merchant_id         uuid        NOT NULL,
    id                  uuid        NOT NULL,
    payment_id          uuid        NOT NULL,
    connection_id       uuid        NOT NULL,
    processor_name      text        NOT NULL,
    -- The reference or idempotency key the processor knows the attempt by; the same on every inquiry.
    reference           text        NOT NULL,
    state               text        NOT NULL CHECK (state IN ('sending', 'approved', 'declined', 'not_sent', 'unknown',
                                                              'lost', 'reversing', 'reversed')),
    -- Our normalised reason, and the processor's own code and text, where the attempt was declined or not sent.
    reason              text,
    response_code       text,
    response_text       text,
    -- The processor's id of the transaction, and the issuer's approval code.
    processor_reference text,
    approval_code       text,
    sent_at             timestamptz NOT NULL,
    settled_at          timestamptz,
    PRIMARY KEY (merchant_id, id)
) WITH (fillfactor = 80);

-- One attempt in flight per payment; one whose outcome is unknown is in flight.
CREATE UNIQUE INDEX attempts_one_in_flight_per_payment ON attempts (merchant_id, payment_id)
    WHERE state IN ('sending', 'unknown');
