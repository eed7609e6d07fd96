-- Authentications: each run of 3-D Secure. The id is the threeDSServerTransID; results come from directory servers with
-- that id alone.
CREATE TABLE authentications (
    id               uuid        NOT NULL PRIMARY KEY,
    merchant_id      uuid        NOT NULL,
    order_id         uuid        NOT NULL,
    payment_id       uuid        NOT NULL,
    -- The transaction's state as the MPI keeps it; never card data.
    state            text        NOT NULL,
    transaction_data jsonb       NOT NULL,
    -- Counts the writes: a change commits only on the version it was made from.
    version          bigint      NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL
) WITH (fillfactor = 70);
