-- Entries that were wrong, in a row, over all challenges of a card, and the lock that came of them (RTS (EU) 2018/389,
-- article 4: five at most, then a block). A card without a row has none.
CREATE TABLE acs.card_locks (
    issuer_id       text        NOT NULL,
    card_id         text        NOT NULL,
    failures        integer     NOT NULL CHECK (failures >= 0),
    -- Locked until then.
    locked_until    timestamptz,
    -- Locked until the issuer unlocks it.
    locked_for_good boolean     NOT NULL DEFAULT false,
    changed_at      timestamptz NOT NULL,
    PRIMARY KEY (issuer_id, card_id)
);
