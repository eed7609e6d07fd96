-- What merchants are told: the outbox. A row is written in the transaction that changes the payment, so an event
-- exists exactly when what it tells has happened, whatever dies afterwards.

CREATE TABLE events (
    merchant_id    uuid        NOT NULL,
    -- A UUIDv7, so that a merchant's events sort by time without another index.
    id             uuid        NOT NULL,
    order_id       uuid        NOT NULL,
    -- The order's version that this event announces: a later one never goes out before an earlier one. Not unique:
    -- one change may be worth two events, whose ids then decide.
    sequence       bigint      NOT NULL CHECK (sequence >= 0),
    event_type     text        NOT NULL CHECK (event_type IN (
        'order.pending', 'order.succeeded', 'order.cancelled', 'order.refund', 'order.expired', 'payment.updated')),
    -- The payment's status as the merchant reads it in the document.
    payment_status text        NOT NULL,
    -- The order document as JSON text, stored once for all deliveries and sent byte for byte: text and not jsonb,
    -- which would parse it, reorder it, and write it anew for every attempt.
    document       text        NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
