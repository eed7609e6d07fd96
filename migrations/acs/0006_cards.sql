-- Cards. The account number is kept as a keyed hash, by which an AReq finds its card, and as its last four digits.
CREATE TABLE acs.cards (
    issuer_id           text        NOT NULL,
    card_id             text        NOT NULL CHECK (card_id ~ '^[A-Za-z0-9_-]{1,48}$'),
    product_id          text        NOT NULL,
    consumer_id         text        NOT NULL,
    pan_hash            bytea       NOT NULL CHECK (length(pan_hash) = 32),
    last_four           text        NOT NULL CHECK (last_four ~ '^[0-9]{4}$'),
    -- YYMM, as an AReq brings it.
    expiry              text        CHECK (expiry ~ '^[0-9]{2}(0[1-9]|1[0-2])$'),
    -- Keyed hash of the static password, where the issuer still has one.
    static_password_mac bytea       CHECK (length(static_password_mac) = 32),
    -- `blocked` is the issuer's word; locks after failures are kept with the limits.
    state               text        NOT NULL CHECK (state IN ('active', 'blocked')),
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    PRIMARY KEY (issuer_id, card_id),
    CONSTRAINT cards_pan_hash_key UNIQUE (pan_hash),
    CONSTRAINT cards_product_fkey FOREIGN KEY (issuer_id, product_id) REFERENCES acs.products,
    CONSTRAINT cards_consumer_fkey FOREIGN KEY (issuer_id, consumer_id) REFERENCES acs.cardholders
);

CREATE INDEX cards_of_consumer ON acs.cards (issuer_id, consumer_id, card_id);
CREATE INDEX cards_of_product ON acs.cards (issuer_id, product_id);
