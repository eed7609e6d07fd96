-- RReqs that directory servers must get, one a challenge: written with its end, sent afterwards. The message is made when it
-- is sent, from the challenge and its transaction, which no longer change.
CREATE TABLE acs.results (
    acs_trans_id    uuid        PRIMARY KEY REFERENCES acs.challenges (acs_trans_id) ON DELETE CASCADE,
    queued_at       timestamptz NOT NULL,
    -- When it is to be sent (again); while it is under way, when its sender counts as dead.
    due_at          timestamptz,
    attempts        integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- What came of the last attempt.
    answer          text,
    acknowledged_at timestamptz,
    given_up_at     timestamptz,
    CHECK (num_nonnulls(due_at, acknowledged_at, given_up_at) = 1)
);

-- What is to be sent.
CREATE INDEX results_due ON acs.results (due_at) WHERE due_at IS NOT NULL;
