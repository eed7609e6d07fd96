-- Webhook endpoints: where a merchant wants to be told besides the URL of an order or its own default one.
CREATE TABLE webhook_endpoints (
    id              uuid        PRIMARY KEY,
    merchant_id     uuid        NOT NULL REFERENCES merchants (id),
    url             text        NOT NULL CHECK (char_length(url) <= 2048),
    description     text        NOT NULL CHECK (char_length(description) <= 200),
    -- Which events it is told of; empty: all of them.
    event_types     text[]      NOT NULL CHECK (event_types <@ ARRAY[
        'order.pending', 'order.succeeded', 'order.cancelled', 'order.refund', 'order.expired', 'payment.updated',
        'webhook.test', 'webhook.endpoint_disabled']),
    -- NULL: it is enabled. `operator`: somebody chose so. `gone`: it answered 410. `failing`: for days nothing arrived.
    disabled_reason text        CHECK (disabled_reason IN ('operator', 'gone', 'failing')),
    disabled_at     timestamptz,
    -- At most so many messages per second, over all processes; NULL: as many as it takes.
    rate_per_second integer     CHECK (rate_per_second BETWEEN 1 AND 10000),
    -- Since when nothing has arrived; NULL while it is well. Written when that changes, not with every attempt.
    failing_since   timestamptz,
    -- Counts changes, so that a change is made to the row that was read.
    version         bigint      NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT webhook_endpoints_disabled_for_a_reason CHECK ((disabled_reason IS NULL) = (disabled_at IS NULL)),
    -- What is disabled is not judged: it starts well when it is enabled again.
    CONSTRAINT webhook_endpoints_judged_while_enabled CHECK (disabled_at IS NULL OR failing_since IS NULL)
);

CREATE INDEX webhook_endpoints_by_merchant ON webhook_endpoints (merchant_id, id);
CREATE INDEX webhook_endpoints_failing ON webhook_endpoints (failing_since) WHERE failing_since IS NOT NULL;

-- How much a rate-limited endpoint may be sent now, a token a message. Apart from the endpoint, because it changes with
-- every lease: that row stays small and its page to itself, and what reads endpoints does not walk over its versions.
CREATE TABLE webhook_paces (
    endpoint_id uuid        PRIMARY KEY REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    -- Thousandths of a token, as of `refilled_at`.
    millitokens bigint      NOT NULL CHECK (millitokens >= 0),
    refilled_at timestamptz NOT NULL
) WITH (fillfactor = 20);
