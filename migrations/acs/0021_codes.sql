-- One-time passwords of challenges. Of the digits only a MAC is kept, and that only while the code may be typed; counters and
-- times stay.
CREATE TABLE acs.codes (
    acs_trans_id   uuid        NOT NULL REFERENCES acs.challenges (acs_trans_id) ON DELETE CASCADE,
    generation     integer     NOT NULL CHECK (generation > 0),
    mac            bytea,
    key_version    integer     NOT NULL,
    -- What message and screen show, so that a cardholder knows which code is meant.
    reference_code text,
    -- Which limit kept the code from being sent. Nobody is told.
    withheld_by    text,
    attempts       integer     NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 5),
    state          text        NOT NULL CHECK (state IN ('waiting', 'used', 'void', 'expired')),
    made_at        timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    PRIMARY KEY (acs_trans_id, generation),
    CHECK ((state = 'waiting') = (mac IS NOT NULL))
);

-- One code of a challenge is good at a time.
CREATE UNIQUE INDEX codes_one_is_good ON acs.codes (acs_trans_id) WHERE state = 'waiting';
