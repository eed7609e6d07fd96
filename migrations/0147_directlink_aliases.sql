-- Cards that shops of DirectLink pay with by a name: number, expiry and holder sealed for the account and the name, never with a
-- security code. What operators see of them is in the clear.
CREATE TABLE directlink_aliases (
    pspid                  text        NOT NULL REFERENCES directlink_accounts (pspid),
    alias                  text        NOT NULL CHECK (alias ~ '^[A-Za-z0-9_-]{1,50}$'),
    -- The order whose card it is, which was authorised; an order brings one card.
    merchant_id            uuid        NOT NULL,
    order_id               uuid        NOT NULL,
    sealed_card            bytea       NOT NULL,
    -- Keyed hash of the number: tells the same card again without telling the card.
    fingerprint            bytea       NOT NULL CHECK (octet_length(fingerprint) = 32),
    masked_number          text        NOT NULL CHECK (masked_number ~ '^X{11,12}[0-9]{4}$'),
    brand                  text        NOT NULL CHECK (char_length(brand) BETWEEN 1 AND 20),
    -- As 2030-12.
    expiry                 text        NOT NULL CHECK (expiry ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    -- The scheme's id of the charge that brought the card, which charges without the cardholder point to.
    network_transaction_id text,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    PRIMARY KEY (pspid, alias),
    CONSTRAINT directlink_aliases_order UNIQUE (merchant_id, order_id),
    FOREIGN KEY (merchant_id, order_id) REFERENCES directlink_payments (merchant_id, order_id)
);

-- Cards of orders that are not authorised yet. The transaction that records the authorisation moves them to where they are used,
-- the one that records another end deletes them; those of orders that never got a payment are deleted by age.
CREATE TABLE directlink_aliases_proposed (
    merchant_id   uuid        NOT NULL,
    order_id      uuid        NOT NULL,
    pspid         text        NOT NULL REFERENCES directlink_accounts (pspid),
    alias         text        NOT NULL CHECK (alias ~ '^[A-Za-z0-9_-]{1,50}$'),
    sealed_card   bytea       NOT NULL,
    fingerprint   bytea       NOT NULL CHECK (octet_length(fingerprint) = 32),
    masked_number text        NOT NULL CHECK (masked_number ~ '^X{11,12}[0-9]{4}$'),
    brand         text        NOT NULL CHECK (char_length(brand) BETWEEN 1 AND 20),
    expiry        text        NOT NULL CHECK (expiry ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, order_id),
    FOREIGN KEY (merchant_id, order_id) REFERENCES directlink_payments (merchant_id, order_id)
);
CREATE INDEX directlink_aliases_proposed_by_name ON directlink_aliases_proposed (pspid, alias);
CREATE INDEX directlink_aliases_proposed_by_age ON directlink_aliases_proposed (created_at);
