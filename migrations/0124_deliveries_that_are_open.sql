-- Deliveries hold what is open, or dead until somebody replays it. What is over leaves the table in the statement that
-- records it, so the table is as large as the work that is left; what became of every attempt is an insert-only log, whose
-- old weeks are dropped.

ALTER TABLE deliveries RENAME TO deliveries_before;
ALTER INDEX deliveries_pkey RENAME TO deliveries_before_pkey;

-- One event on its way to one receiver.
--
-- `ready` and `lease_until` not yet past: somebody is sending it. A lease that runs out needs no repair, it simply stops
-- counting.
--
-- No foreign key to events: one statement writes both rows, and checking the key would lock and rewrite the event's
-- row once per delivery.
CREATE TABLE deliveries (
    merchant_id      uuid        NOT NULL,
    -- The event's, copied with its sequence so that the order of deliveries is decided without reading events.
    subject_id       uuid        NOT NULL,
    event_id         uuid        NOT NULL,
    -- Deliveries of one queue share their limits and their receiver's fate: the id of the endpoint, or for an order's or
    -- merchant's own URL the first 16 bytes of the SHA-256 of merchant and URL.
    queue            uuid        NOT NULL,
    endpoint_id      uuid,
    sequence         bigint      NOT NULL,
    -- `ready`: due, or being sent. `waiting`: not before `next_at`. `given_up`: dead, until somebody replays it.
    state            text        NOT NULL CHECK (state IN ('ready', 'waiting', 'given_up')),
    -- Never before that of an open delivery ahead in the same subject and queue, so that those which must wait for it do
    -- not lie in the way of those which need not.
    next_at          timestamptz NOT NULL,
    -- Attempts begun, that of the present lease included.
    attempts         integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    lease_owner      uuid,
    lease_until      timestamptz,
    -- The last attempt: what came of it in a word, the HTTP status if there was an answer, and the beginning of the
    -- answer's body with anything that looks like a card number masked.
    last_code        text,
    last_http_status smallint,
    last_body        text        CHECK (char_length(last_body) <= 512),
    created_at       timestamptz NOT NULL,
    -- When the last attempt ended, or the row was made.
    updated_at       timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, subject_id, event_id, queue),
    CONSTRAINT deliveries_lease_has_owner_and_end CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CONSTRAINT deliveries_leased_are_ready CHECK (lease_owner IS NULL OR state = 'ready'),
    CONSTRAINT deliveries_endpoint_is_its_queue CHECK (endpoint_id IS NULL OR endpoint_id = queue)
) WITH (
    -- Nearly every row is leased once and then deleted: room for the leased version on its own page.
    fillfactor = 45,
    -- Taking a lease reads the front of each queue, where the settled ones lie until they are vacuumed.
    autovacuum_vacuum_scale_factor = 0.02
);

-- Which queues have something to do, and the front of each. A lease changes none of these columns, so taking one
-- touches no index.
CREATE INDEX deliveries_ready ON deliveries (queue, next_at) WHERE state = 'ready';
-- What falls due when; what of one queue waits. Only what failed once comes into these, and into those below.
CREATE INDEX deliveries_waiting ON deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX deliveries_waiting_by_queue ON deliveries (queue) WHERE state = 'waiting';
-- The dead letters of an endpoint, or of all of a merchant's own URLs; and the oldest of all.
CREATE INDEX deliveries_given_up ON deliveries ((COALESCE(endpoint_id, merchant_id)), event_id, queue)
    WHERE state = 'given_up';
CREATE INDEX deliveries_given_up_by_age ON deliveries (event_id) WHERE state = 'given_up';

-- Every attempt to deliver, as it ended.
CREATE TABLE webhook_attempts (
    merchant_id      uuid        NOT NULL,
    subject          text        NOT NULL,
    subject_id       uuid        NOT NULL,
    event_id         uuid        NOT NULL,
    queue            uuid        NOT NULL,
    endpoint_id      uuid,
    sequence         bigint      NOT NULL,
    event_type       text        NOT NULL,
    event_created_at timestamptz NOT NULL,
    -- From 1.
    attempt          integer     NOT NULL,
    url              text        NOT NULL,
    begun_at         timestamptz NOT NULL,
    latency_ms       integer     NOT NULL CHECK (latency_ms >= 0),
    code             text        NOT NULL,
    http_status      smallint,
    -- The beginning of the answer's body with anything that looks like a card number masked.
    body             text        CHECK (char_length(body) <= 512),
    outcome          text        NOT NULL CHECK (outcome IN ('delivered', 'retry', 'given_up'))
) PARTITION BY RANGE (begun_at);

-- The log of an order.
CREATE INDEX webhook_attempts_of_subject ON webhook_attempts (merchant_id, subject_id, begun_at);
-- The log of an endpoint, or of all of a merchant's own URLs; and of what failed there.
CREATE INDEX webhook_attempts_of_target ON webhook_attempts ((COALESCE(endpoint_id, merchant_id)), begun_at);
CREATE INDEX webhook_attempts_failed ON webhook_attempts ((COALESCE(endpoint_id, merchant_id)), begun_at)
    WHERE outcome <> 'delivered';

CREATE TABLE webhook_attempts_default PARTITION OF webhook_attempts DEFAULT;

SELECT webhook_partition_make('webhook_attempts', week::date)
FROM (
    SELECT generate_series(
        date_trunc('week', GREATEST(COALESCE(min(updated_at), now()), now() - interval '30 days') AT TIME ZONE 'UTC'),
        date_trunc('week', now() AT TIME ZONE 'UTC') + interval '2 weeks',
        interval '1 week') AS week
    FROM deliveries_before
) AS weeks;

-- Of what is over, the last attempt is known, and when it ended.
INSERT INTO webhook_attempts (merchant_id, subject, subject_id, event_id, queue, sequence, event_type, event_created_at,
                              attempt, url, begun_at, latency_ms, code, http_status, body, outcome)
SELECT d.merchant_id, 'order', d.order_id, d.event_id, e.notify_queue, d.sequence, e.event_type, e.created_at, d.attempts,
       d.url, d.updated_at, 0, COALESCE(d.last_code, d.outcome), d.last_http_status, d.last_body, d.outcome
FROM deliveries_before AS d
JOIN events AS e ON e.merchant_id = d.merchant_id AND e.id = d.event_id
WHERE d.outcome IS NOT NULL;

INSERT INTO deliveries (merchant_id, subject_id, event_id, queue, sequence, state, next_at, attempts, lease_owner,
                        lease_until, last_code, last_http_status, last_body, created_at, updated_at)
SELECT d.merchant_id, d.order_id, d.event_id, e.notify_queue, d.sequence,
       CASE WHEN d.outcome IS NOT NULL THEN 'given_up'
            WHEN d.lease_owner IS NOT NULL OR d.next_at <= now() THEN 'ready'
            ELSE 'waiting' END,
       d.next_at, d.attempts, d.lease_owner, d.lease_until, d.last_code, d.last_http_status, d.last_body, d.created_at,
       d.updated_at
FROM deliveries_before AS d
JOIN events AS e ON e.merchant_id = d.merchant_id AND e.id = d.event_id
WHERE d.outcome IS NULL OR d.outcome = 'given_up';

DROP TABLE deliveries_before;
