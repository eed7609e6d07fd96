-- What shops of DirectLink are to be told of their payments, on its way to their servers. A row is written in the transaction of
-- the change that it tells, and is open until it has an outcome; its lease simply stops counting when it runs out. Dropped by
-- age once it is over.
CREATE TABLE directlink_feedback (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payid            bigint      NOT NULL REFERENCES directlink_payments (payid),
    -- The payment's end, or what became of it later: each goes to an address of its own.
    occasion         text        NOT NULL CHECK (occasion IN ('end', 'change')),
    -- What was true then (`payments`' `directlink::Telling`); no card number but the masked one.
    telling          jsonb       NOT NULL CHECK (pg_column_size(telling) <= 4096),
    -- Attempts begun, that of the present lease included.
    attempts         integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_at          timestamptz NOT NULL,
    lease_owner      uuid,
    lease_until      timestamptz,
    outcome          text        CHECK (outcome IN ('delivered', 'given_up', 'no_url')),
    -- What came of the last attempt in a word, and the HTTP status if there was an answer.
    last_code        text,
    last_http_status smallint,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT directlink_feedback_lease_has_owner_and_end CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CONSTRAINT directlink_feedback_settled_have_no_lease CHECK (outcome IS NULL OR lease_owner IS NULL)
) WITH (fillfactor = 70);

CREATE INDEX directlink_feedback_open ON directlink_feedback (next_at) WHERE outcome IS NULL;
CREATE INDEX directlink_feedback_of_payment ON directlink_feedback (payid, id);
CREATE INDEX directlink_feedback_by_age ON directlink_feedback (created_at);
