-- Holds: what a declined attempt left on the cardholder's account, because the issuer had approved before somebody else
-- refused. Written together with the decline, so that whoever dies leaves nothing held; each is a queue entry of its own,
-- since its payment goes on without it.
CREATE TABLE holds (
    merchant_id   uuid        NOT NULL,
    attempt_id    uuid        NOT NULL,
    payment_id    uuid        NOT NULL,
    state         text        NOT NULL CHECK (state IN ('held', 'released', 'given_up')),
    -- What is held, what releases it, and how often that was tried.
    hold          jsonb       NOT NULL,
    left_at       timestamptz NOT NULL,
    look_again_at timestamptz CHECK ((look_again_at IS NOT NULL) = (state = 'held')),
    leased_until  timestamptz,
    PRIMARY KEY (merchant_id, attempt_id),
    FOREIGN KEY (merchant_id, attempt_id) REFERENCES attempts (merchant_id, id)
);

CREATE INDEX holds_due ON holds (look_again_at) WHERE look_again_at IS NOT NULL;
CREATE INDEX holds_given_up ON holds (left_at) WHERE state = 'given_up';
