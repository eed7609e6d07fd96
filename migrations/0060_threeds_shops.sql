-- Shops of the 3DS Server API: who may have cardholders authenticated here and charge them elsewhere. They need no merchant,
-- order or connection of ours; what an acquirer or a directory server knows of them comes with each request.
CREATE TABLE threeds_shops (
    id                     uuid        PRIMARY KEY,
    -- What the shop calls itself by in the header of this name.
    merchant_id            text        NOT NULL CONSTRAINT threeds_shops_merchant_id UNIQUE
                                       CHECK (char_length(merchant_id) BETWEEN 1 AND 15),
    name                   text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    -- Keyed hash of the shop's key, which is shown once and not kept.
    key_hash               bytea       NOT NULL CHECK (octet_length(key_hash) = 32),
    -- The second pair, which a request needs that names a card by a token of the card vault.
    card_vault_merchant_id text        CONSTRAINT threeds_shops_card_vault_merchant_id UNIQUE
                                       CHECK (char_length(card_vault_merchant_id) BETWEEN 1 AND 15),
    card_vault_key_hash    bytea       CHECK (octet_length(card_vault_key_hash) = 32),
    -- The RSA public key (DER) that signs the shop's requests. Once it is there, unsigned ones are refused.
    public_key             bytea       CHECK (octet_length(public_key) BETWEEN 1 AND 4096),
    -- ISO 3166-1 alpha-2 of the shop's acquirer, which version 2.3.1 of the protocol asks for; NULL: the shop's own country.
    acquirer_country       text        CHECK (char_length(acquirer_country) = 2),
    reads_per_second       integer     CHECK (reads_per_second BETWEEN 1 AND 100000),
    writes_per_second      integer     CHECK (writes_per_second BETWEEN 1 AND 100000),
    status                 text        NOT NULL CHECK (status IN ('active', 'disabled')),
    -- Counts the writes: a change commits only on the version it was made from.
    version                bigint      NOT NULL,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    CONSTRAINT threeds_shops_card_vault_pair
        CHECK ((card_vault_merchant_id IS NULL) = (card_vault_key_hash IS NULL))
);
