-- Settlements: one row for each capture, void or refund of an approved payment, written before its first byte leaves and
-- kept for good. What is still to end is in the payment's own state as well, with the amounts it reserves.
CREATE TABLE settlements (
    merchant_id         uuid        NOT NULL,
    id                  uuid        NOT NULL,
    order_id            uuid        NOT NULL,
    payment_id          uuid        NOT NULL,
    connection_id       uuid        NOT NULL,
    processor_name      text        NOT NULL,
    kind                text        NOT NULL CHECK (kind IN ('capture', 'void', 'refund')),
    currency            text        NOT NULL,
    -- Minor units.
    amount              bigint      NOT NULL CHECK (amount > 0),
    -- Of a capture: whether what it leaves is released.
    is_final            boolean     NOT NULL,
    -- The reference or idempotency key the processor knows it by; the same however often it is sent.
    reference           text        NOT NULL,
    state               text        NOT NULL CHECK (state IN ('sending', 'unknown', 'accepted', 'done', 'refused', 'not_sent',
                                                              'lost')),
    -- Our normalised reason, and the processor's own code and text, where it was refused or not sent.
    reason              text,
    response_code       text,
    response_text       text,
    -- The processor's own id of the operation.
    processor_reference text,
    requested_at        timestamptz NOT NULL,
    settled_at          timestamptz,
    -- When the processor told the opposite of the state and the payment's amounts could not follow: for people.
    contradicted_at     timestamptz,
    PRIMARY KEY (merchant_id, id),
    FOREIGN KEY (merchant_id, payment_id) REFERENCES payments (merchant_id, id)
) WITH (fillfactor = 80);

-- One capture or void at a time: each decides what the next one may do.
CREATE UNIQUE INDEX settlements_one_release_in_flight_per_payment ON settlements (merchant_id, payment_id)
    WHERE kind IN ('capture', 'void') AND state IN ('sending', 'unknown', 'accepted');

-- A processor's notification names an operation by our reference, or by the id it gave it.
CREATE INDEX settlements_by_reference ON settlements (merchant_id, reference);
CREATE INDEX settlements_by_processor_reference ON settlements (merchant_id, processor_reference)
    WHERE processor_reference IS NOT NULL;

-- How many wait for their end since when, and how many people must look into.
CREATE INDEX settlements_in_flight ON settlements (requested_at) WHERE state IN ('sending', 'unknown', 'accepted');
CREATE INDEX settlements_contradicted ON settlements (contradicted_at) WHERE contradicted_at IS NOT NULL;
