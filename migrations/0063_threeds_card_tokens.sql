-- Cards that shops of the 3DS Server API name by a token instead of the number.
CREATE TABLE threeds_card_tokens (
    shop_id     uuid        NOT NULL REFERENCES threeds_shops (id),
    id          uuid        NOT NULL,
    -- Keyed hash of the token, which is shown once and not kept.
    token_hash  bytea       NOT NULL CHECK (octet_length(token_hash) = 32),
    -- The card number, sealed.
    sealed_card bytea       NOT NULL,
    -- For people to tell cards apart.
    last_four   text        NOT NULL CHECK (char_length(last_four) = 4),
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (shop_id, id),
    CONSTRAINT threeds_card_tokens_token UNIQUE (shop_id, token_hash)
);
