-- Payments: each purchase call's try to get its order paid. The inequalities of money stand here as well as in the
-- code, so that no defect and no concurrent twin can break them.
CREATE TABLE payments (
    merchant_id    uuid        NOT NULL,
    id             uuid        NOT NULL,
    order_id       uuid        NOT NULL,
    -- Counts the order's payments from 1.
    number         smallint    NOT NULL CHECK (number > 0),
    state          text        NOT NULL CHECK (state IN ('authenticating', 'authorizing', 'authorized', 'closed')),
    -- What is true in that state.
    state_data     jsonb       NOT NULL,
    currency       text        NOT NULL,
    amount         bigint      NOT NULL CHECK (amount > 0),
    -- Minor units. Zero until the payment is authorised; amounts in flight are reserved before they are sent.
    authorized     bigint      NOT NULL DEFAULT 0 CHECK (authorized >= 0),
    capturing      bigint      NOT NULL DEFAULT 0 CHECK (capturing >= 0),
    captured       bigint      NOT NULL DEFAULT 0 CHECK (captured >= 0),
    refunding      bigint      NOT NULL DEFAULT 0 CHECK (refunding >= 0),
    refunded       bigint      NOT NULL DEFAULT 0 CHECK (refunded >= 0),
    -- Brand, first six, last four, name on the card. Never more of it.
    card           jsonb       NOT NULL,
    -- What the purchase asked for, and the routes it may take: written once.
    terms          jsonb       NOT NULL,
    routes         jsonb       NOT NULL,
    -- What 3-D Secure gave, once it has.
    authentication jsonb,
    -- Identifies the hosted page while the cardholder is needed.
    page_token     text,
    -- When somebody must look at the payment, should nothing else happen: the recovery queue.
    look_again_at  timestamptz,
    -- Until when a process has the payment in hand for that look.
    leased_until   timestamptz,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, id),
    FOREIGN KEY (merchant_id, order_id) REFERENCES orders (merchant_id, id),
    CONSTRAINT payments_capture_within_authorization CHECK (captured + capturing <= authorized),
    CONSTRAINT payments_refund_within_capture CHECK (refunded + refunding <= captured),
    CONSTRAINT payments_money_only_when_authorized CHECK (state = 'authorized' OR authorized = 0)
) WITH (fillfactor = 70);

-- At most one payment of an order has an outcome still to come.
CREATE UNIQUE INDEX payments_one_open_per_order ON payments (merchant_id, order_id)
    WHERE state IN ('authenticating', 'authorizing');

-- At most one payment of an order ever takes money.
CREATE UNIQUE INDEX payments_one_paid_per_order ON payments (merchant_id, order_id) WHERE state = 'authorized';

-- The hosted page knows its token only.
CREATE UNIQUE INDEX payments_by_page_token ON payments (page_token) WHERE page_token IS NOT NULL;

-- The recovery queue, in the order in which it falls due.
CREATE INDEX payments_to_look_at ON payments (look_again_at) WHERE look_again_at IS NOT NULL;
