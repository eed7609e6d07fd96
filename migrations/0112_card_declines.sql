-- Declines by card: what the card networks' limits on repeated attempts are counted by. One row for each attempt that was
-- declined, written with the attempt itself; forgotten when no limit looks back that far, or when staff lift it.
CREATE TABLE card_declines (
    merchant_id   uuid        NOT NULL,
    attempt_id    uuid        NOT NULL,
    payment_id    uuid        NOT NULL,
    -- Keyed hash of the number, as in payment_cards: the same card again, without telling the card.
    fingerprint   bytea       NOT NULL,
    brand         text        NOT NULL,
    -- The issuer or the network will not have this card tried again.
    never         boolean     NOT NULL,
    -- Our normalised reason, and the processor's own code.
    reason        text        NOT NULL,
    response_code text,
    at            timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, attempt_id)
);

-- The question before each purchase.
CREATE INDEX card_declines_by_card ON card_declines (merchant_id, fingerprint, at);
-- The sweep.
CREATE INDEX card_declines_by_age ON card_declines (at);
