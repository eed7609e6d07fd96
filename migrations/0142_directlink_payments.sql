-- What DirectLink calls a payment: a number for each order of ours that a shop of that protocol has begun, and what the
-- protocol needs of the request afterwards. Holds no card data.
CREATE TABLE directlink_payments (
    -- Ten digits, as shops expect.
    payid        bigint      GENERATED ALWAYS AS IDENTITY (START WITH 3000000001 MAXVALUE 9999999999) PRIMARY KEY,
    pspid        text        NOT NULL REFERENCES directlink_accounts (pspid),
    -- ORDERID, which a refused order may use again.
    reference    text        NOT NULL CHECK (char_length(reference) BETWEEN 1 AND 40),
    merchant_id  uuid        NOT NULL,
    order_id     uuid        NOT NULL,
    -- RES or SAL.
    operation    text        NOT NULL CHECK (operation IN ('RES', 'SAL')),
    -- Window, URLs, PARAMPLUS, COMPLUS and the like (`orchestrator`'s `directlink::Facts`).
    facts        jsonb       NOT NULL CHECK (pg_column_size(facts) <= 65536),
    -- What the shopper's browser comes back from the hosted page with: nobody can guess it.
    return_token text       NOT NULL UNIQUE CHECK (char_length(return_token) = 26),
    created_at   timestamptz NOT NULL,
    CONSTRAINT directlink_payments_order UNIQUE (merchant_id, order_id),
    FOREIGN KEY (merchant_id, order_id) REFERENCES orders (merchant_id, id)
);
CREATE INDEX directlink_payments_by_reference ON directlink_payments (pspid, reference, payid DESC);
