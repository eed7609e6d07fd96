-- One event on its way to one URL, and the log of what came of it (`hooks[]` of the order document).
--
-- A row is open until it has an outcome. Open and `lease_until` not yet past: somebody is sending it. Open otherwise:
-- due at `next_at`. A lease that runs out needs no repair, it simply stops counting.
--
-- No foreign key to events: one statement writes both rows, and checking the key would lock and rewrite the event's
-- row once per delivery.

CREATE TABLE deliveries (
    merchant_id      uuid        NOT NULL,
    order_id         uuid        NOT NULL,
    -- What the receiver sees as `webhook-id`; the same on every attempt.
    id               uuid        NOT NULL,
    event_id         uuid        NOT NULL,
    -- The event's, copied so that the order of deliveries is decided without reading events.
    sequence         bigint      NOT NULL,
    url              text        NOT NULL CHECK (char_length(url) <= 2048),
    -- Deliveries of one queue share a limit on how many go out at once, so that a slow receiver delays only itself.
    -- Now the host and port of the URL.
    queue            text COLLATE "C" NOT NULL,
    created_at       timestamptz NOT NULL,
    -- Attempts begun, that of the present lease included.
    attempts         integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- When the next attempt may begin. Never before that of an open delivery ahead in the same order and URL, so
    -- that those which must wait for it do not lie in the way of those which need not.
    next_at          timestamptz NOT NULL,
    lease_owner      uuid,
    lease_until      timestamptz,
    outcome          text        CHECK (outcome IN ('delivered', 'given_up')),
    -- The last attempt: what came of it in a word, the HTTP status if there was an answer, and the beginning of the
    -- answer's body with anything that looks like a card number masked.
    last_code        text,
    last_http_status smallint,
    last_body        text        CHECK (char_length(last_body) <= 512),
    -- When the last attempt ended, or the row was made.
    updated_at       timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, order_id, id),
    CONSTRAINT deliveries_lease_has_owner_and_end CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CONSTRAINT deliveries_settled_have_no_lease CHECK (outcome IS NULL OR lease_owner IS NULL)
) WITH (
    -- Every row changes twice or more: room for its versions on its own page.
    fillfactor = 70,
    -- Taking a lease reads the front of each queue, where the settled ones lie until they are vacuumed.
    autovacuum_vacuum_scale_factor = 0.02
);

-- Which queues have something to do, and the front of each. A lease changes none of these columns, so taking one
-- touches no index; settling a row takes it out.
CREATE INDEX deliveries_open ON deliveries (queue, next_at) WHERE outcome IS NULL;
