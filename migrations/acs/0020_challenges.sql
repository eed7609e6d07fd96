-- Challenges of cardholders, and decoupled authentications: one a transaction. What is asked is `state` with `state_data`
-- (`acs::challenge::State`), which holds no secret: codes are in `codes`, phones are sealed.
CREATE TABLE acs.challenges (
    acs_trans_id  uuid        PRIMARY KEY REFERENCES acs.transactions (acs_trans_id) ON DELETE CASCADE,
    -- How the cardholder can be asked, as it was when the challenge began.
    means         jsonb       NOT NULL,
    -- The cardholder's phones, sealed together; gone at the end.
    phones        bytea,
    language      text        NOT NULL CHECK (language IN ('en', 'es', 'pt', 'ja')),
    state         text        NOT NULL CHECK (state IN
                      ('awaited', 'choosing_phone', 'asking_app', 'password', 'code', 'decoupled', 'done')),
    state_data    jsonb       NOT NULL,
    -- Counts what was saved: whoever saves says which one they read.
    version       bigint      NOT NULL DEFAULT 1,
    until         timestamptz NOT NULL,
    -- When somebody must look again although nothing has happened.
    deadline_at   timestamptz,
    interactions  integer     NOT NULL DEFAULT 0 CHECK (interactions >= 0),
    wrong         integer     NOT NULL DEFAULT 0 CHECK (wrong BETWEEN 0 AND 5),
    resends       integer     NOT NULL DEFAULT 0 CHECK (resends BETWEEN 0 AND 5),
    replaced      integer     NOT NULL DEFAULT 0 CHECK (replaced >= 0),
    app_asked     integer     NOT NULL DEFAULT 0 CHECK (app_asked >= 0),
    generation    integer     NOT NULL DEFAULT 0 CHECK (generation >= 0),
    notice        jsonb,
    screen        uuid        NOT NULL,
    -- The CReq that opened it, by its hash, and what came with it.
    creq_hash     bytea,
    window_size   text,
    session_data  text        CHECK (length(session_data) <= 1024),
    began_at      timestamptz NOT NULL,
    opened_at     timestamptz,
    ending        text,
    method        text,
    ended_at      timestamptz,
    CHECK ((state = 'done') = (ending IS NOT NULL)),
    CHECK ((state = 'done') = (method IS NOT NULL)),
    CHECK ((state = 'done') = (ended_at IS NOT NULL)),
    CHECK ((state = 'done') = (deadline_at IS NULL)),
    CHECK (state <> 'done' OR phones IS NULL),
    CHECK ((creq_hash IS NULL) = (opened_at IS NULL) AND (creq_hash IS NULL) = (window_size IS NULL))
);

-- Whose time may be over.
CREATE INDEX challenges_due ON acs.challenges (deadline_at) WHERE deadline_at IS NOT NULL;

-- What a bank's app has to show.
CREATE INDEX challenges_in_the_app ON acs.challenges (acs_trans_id) WHERE state IN ('asking_app', 'decoupled');
