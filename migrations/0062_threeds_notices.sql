-- Results of decoupled authentications on their way to the shops' servers. A row is written in the transaction of the result
-- it tells, and is open until it has an outcome; its lease simply stops counting when it runs out.
CREATE TABLE threeds_notices (
    transaction_id   uuid        NOT NULL PRIMARY KEY,
    shop_id          uuid        NOT NULL,
    url              text        NOT NULL CHECK (char_length(url) <= 2048),
    -- The form that is posted, as it goes out: status, transaction, ECI and authentication value.
    form             text        NOT NULL CHECK (char_length(form) <= 1024),
    -- Attempts begun, that of the present lease included.
    attempts         integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_at          timestamptz NOT NULL,
    lease_owner      uuid,
    lease_until      timestamptz,
    outcome          text        CHECK (outcome IN ('delivered', 'given_up')),
    -- What came of the last attempt in a word, and the HTTP status if there was an answer.
    last_code        text,
    last_http_status smallint,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT threeds_notices_lease_has_owner_and_end CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CONSTRAINT threeds_notices_settled_have_no_lease CHECK (outcome IS NULL OR lease_owner IS NULL)
) WITH (fillfactor = 70);

CREATE INDEX threeds_notices_open ON threeds_notices (next_at) WHERE outcome IS NULL;
