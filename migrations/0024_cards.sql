-- Sealed cards of payments (AEAD envelopes; the key-encryption key is not in the database). The security code is
-- sealed on its own so that it can be deleted on its own: with the step after which no charge can need it, at the
-- latest when it expires.
CREATE TABLE payment_cards (
    merchant_id              uuid        NOT NULL,
    payment_id               uuid        NOT NULL,
    -- Keyed hash of the number: tells the same card again without telling the card.
    fingerprint              bytea       NOT NULL,
    sealed_card              bytea       NOT NULL,
    sealed_security_code     bytea,
    security_code_expires_at timestamptz,
    PRIMARY KEY (merchant_id, payment_id)
);

-- The sweep of security codes that outlived their time.
CREATE INDEX payment_cards_security_codes ON payment_cards (security_code_expires_at)
    WHERE sealed_security_code IS NOT NULL;
