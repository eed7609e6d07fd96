-- Every authentication that a directory server asked about, what was decided and why. Account numbers are not kept: a card is
-- the issuer's name for it. `outcome` is how it ended: at once, or when a challenge or decoupled authentication did.
CREATE TABLE acs.transactions (
    acs_trans_id             uuid        PRIMARY KEY,
    three_ds_server_trans_id uuid        NOT NULL,
    ds_trans_id              uuid        NOT NULL,
    brand                    text        NOT NULL,
    message_version          text        NOT NULL,
    device_channel           text        NOT NULL,
    message_category         text        NOT NULL,
    -- All three or none: a card that no issuer here has.
    issuer_id                text        REFERENCES acs.issuers (issuer_id),
    product_id               text,
    card_id                  text,
    consumer_id              text,
    last_four                text        CHECK (last_four ~ '^[0-9]{4}$'),
    merchant_name            text        NOT NULL,
    merchant_id              text,
    merchant_country         text,
    mcc                      text,
    -- Minor units and the ISO 4217 letters; none for what is no payment.
    amount_minor             bigint      CHECK (amount_minor >= 0),
    currency                 text,
    -- Where the browser brings the CRes; none where there is no browser.
    notification_url         text,
    browser_language         text,
    -- Keyed hashes: to recognise, not to read.
    device_hash              bytea,
    address_hash             bytea,
    -- `transStatus` and the rest as the ARes said.
    status                   text        NOT NULL CHECK (status IN ('Y', 'N', 'U', 'A', 'R', 'C', 'D', 'I')),
    reason                   text,
    eci                      text,
    -- The authentication value, should the cardholder pass; sealed, and gone once the result is acknowledged.
    proof                    bytea,
    -- Whether the requestor allows a challenge to end with `D`.
    decoupled_fallback       boolean     NOT NULL,
    -- Minutes the requestor waits for a decoupled authentication.
    decoupled_minutes        integer     CHECK (decoupled_minutes BETWEEN 1 AND 10080),
    explanation              jsonb       NOT NULL,
    decided_at               timestamptz NOT NULL,
    outcome                  text        CHECK (outcome IN ('Y', 'N', 'U', 'A', 'R', 'D', 'I')),
    outcome_reason           text,
    ended_at                 timestamptz,
    CHECK ((outcome IS NULL) = (ended_at IS NULL)),
    CHECK ((issuer_id IS NULL) = (card_id IS NULL) AND (issuer_id IS NULL) = (product_id IS NULL)),
    CHECK ((amount_minor IS NULL) = (currency IS NULL))
);

-- A directory server repeats a question of which it lost the answer; it gets no second challenge.
CREATE UNIQUE INDEX transactions_once ON acs.transactions (three_ds_server_trans_id, brand);

-- What a card did lately, newest first: history of a card, and the rules that ask for it.
CREATE INDEX transactions_of_a_card ON acs.transactions (issuer_id, card_id, decided_at DESC);

-- Statistics of an issuer.
CREATE INDEX transactions_of_an_issuer ON acs.transactions (issuer_id, decided_at);

-- The oldest, which are removed after a while.
CREATE INDEX transactions_by_age ON acs.transactions (decided_at);
