-- Idempotency keys: written in the transaction that creates the effect, answered in the one that settles it, kept for
-- 30 days. A key without an answer is still running.
CREATE TABLE idempotency_keys (
    merchant_id uuid        NOT NULL,
    method      text        NOT NULL,
    path        text        NOT NULL,
    key         text        NOT NULL,
    -- Keyed hash of the raw request body: another body under the same key is a mistake of the caller. Keyed, since a
    -- body may hold a card number.
    body_hash   bytea       NOT NULL,
    order_id    uuid        NOT NULL,
    payment_id  uuid,
    -- What is needed to give the same answer again: JSON, never looked into here.
    answer      text,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, method, path, key)
);

-- The step that brings a payment to rest answers the key that started it.
CREATE INDEX idempotency_keys_running ON idempotency_keys (merchant_id, payment_id) WHERE answer IS NULL;

-- Keys are dropped by age.
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
