-- What issuers' backends have yet to be told: how authentications ended. At least once; receivers key on operation_id.
CREATE TABLE acs.notices (
    operation_id    uuid        PRIMARY KEY,
    issuer_id       text        NOT NULL,
    card_id         text        NOT NULL,
    -- The body as it is posted, every time the same.
    document        jsonb       NOT NULL,
    due_at          timestamptz NOT NULL,
    attempts        integer     NOT NULL DEFAULT 0,
    lease_until     timestamptz,
    state           text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'told', 'given_up')),
    last_answer     text        CHECK (length(last_answer) <= 64),
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    CHECK ((ended_at IS NULL) = (state = 'open'))
);
CREATE INDEX notices_due ON acs.notices (due_at) WHERE state = 'open';
CREATE INDEX notices_age ON acs.notices (created_at);
