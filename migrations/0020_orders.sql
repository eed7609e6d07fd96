-- Orders: what shoppers are to pay. The row changes once per recorded step of its payment; `version` counts those
-- steps, and a step commits only on the version it was decided on. What merchants see as the order's status is
-- computed from `lifecycle` and the latest payment, never stored.
CREATE TABLE orders (
    merchant_id    uuid        NOT NULL,
    -- The order token that merchants and widgets use.
    id             uuid        NOT NULL,
    -- The merchant's own order id.
    reference      text        NOT NULL,
    order_type     text        NOT NULL,
    store_code     text        NOT NULL,
    -- ISO 4217 alphabetic code; the amount is in its minor units.
    currency       text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    total_amount   bigint      NOT NULL CHECK (total_amount > 0),
    -- The order as the merchant gave it, defaults filled in: echoed, never interpreted again.
    details        jsonb       NOT NULL,
    notify_url     text,
    callbacks      jsonb       NOT NULL,
    payer_email    text,
    lifecycle      text        NOT NULL CHECK (lifecycle IN ('open', 'cancelled', 'expired')),
    -- How many payments there have been; the latest is the one that counts.
    payments       smallint    NOT NULL CHECK (payments >= 0),
    payment_id     uuid,
    version        bigint      NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, id)
) WITH (fillfactor = 80);

-- "Is another order with this reference paid already?" is asked when an order is created. The merchant stands last so
-- that this index is no way to an order's row by its id: in a young database the planner cannot tell the two ways apart,
-- and a plan it keeps would walk through all of a merchant's orders at every step of a payment.
CREATE INDEX orders_by_reference ON orders (reference, merchant_id);
