-- Transactions of the 3DS Server API. The id is the threeDSServerTransID; results come from directory servers with that id
-- alone, as for authentications, of whose ids it shares the space.
CREATE TABLE threeds_transactions (
    id               uuid        NOT NULL PRIMARY KEY,
    shop_id          uuid        NOT NULL,
    -- The word for the state that `transaction_data` is in; never card data.
    state            text        NOT NULL,
    transaction_data jsonb       NOT NULL,
    -- When its time is over, should nothing happen: a new one expires, one that waits for an answer or a result times out.
    -- NULL: at rest.
    due_at           timestamptz,
    -- Counts the writes: a change commits only on the version it was made from, so that of two calls one is served.
    version          bigint      NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX threeds_transactions_due ON threeds_transactions (due_at) WHERE due_at IS NOT NULL;
