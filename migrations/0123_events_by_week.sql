-- Events by week of their id, so that what is over after 30 days goes by dropping a table: no row is deleted, nothing is
-- left to vacuum, and the table costs the same at any age. And they become a log that merchants read from a cursor.
--
-- What is carried over keeps everything; where it was meant for is found in its delivery.

ALTER TABLE events RENAME TO events_before;
ALTER INDEX events_pkey RENAME TO events_before_pkey;

CREATE TABLE events (
    merchant_id    uuid        NOT NULL,
    -- A UUIDv7: a merchant's events sort by time without another index, and it says which week an event belongs to.
    id             uuid        NOT NULL,
    -- What the event tells about, which is the member of the message that holds the document.
    subject        text        NOT NULL CHECK (subject IN ('order', 'endpoint')),
    subject_id     uuid        NOT NULL,
    -- The subject's version that this event announces: a later one never goes out before an earlier one. Not unique:
    -- one change may be worth two events, whose ids then decide.
    sequence       bigint      NOT NULL CHECK (sequence >= 0),
    event_type     text        NOT NULL CHECK (event_type IN (
        'order.pending', 'order.succeeded', 'order.cancelled', 'order.refund', 'order.expired', 'payment.updated',
        'webhook.test', 'webhook.endpoint_disabled')),
    -- The payment's status as the merchant reads it in the document.
    payment_status text,
    -- The document as JSON text, stored once for all deliveries and sent byte for byte: text and not jsonb, which
    -- would parse it, reorder it, and write it anew for every attempt.
    document       text        NOT NULL,
    -- The order's own URL or the merchant's default one, and the queue of it (see `deliveries`).
    notify_url     text        CHECK (char_length(notify_url) <= 2048),
    notify_queue   uuid,
    -- The transaction that wrote it. Ids are made before their transactions commit, and not in that order; by this a
    -- reader knows behind which point nothing can show up any more.
    recorded_in    xid8        NOT NULL DEFAULT pg_current_xact_id(),
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT events_own_url_has_a_queue CHECK ((notify_url IS NULL) = (notify_queue IS NULL))
) PARTITION BY RANGE (id);

CREATE INDEX events_log ON events (merchant_id, recorded_in, id);

-- Whatever falls in no week's partition. Nothing is ever refused because nobody made a partition.
CREATE TABLE events_default PARTITION OF events DEFAULT;

-- The first UUIDv7 of a millisecond.
CREATE FUNCTION webhook_id_at(at timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the partition of a parent for the week that begins on that Monday. NULL: somebody else is making or dropping one.
-- False: it is there, or rows of that week lie in the default partition already, where they stay.
--
-- The table is made apart and then attached, which leaves the other partitions alone; for the default one it waits no longer
-- than `lock_timeout`, so that nothing queues behind it for longer than that.
CREATE FUNCTION webhook_partition_make(parent text, week date) RETURNS boolean LANGUAGE plpgsql
    SET lock_timeout = '200ms'
AS $$
DECLARE
    name     text := format('%s_p%s', parent, to_char(week, 'YYYYMMDD'));
    begins   timestamptz := week::timestamp AT TIME ZONE 'UTC';
    ends     timestamptz := (week + 7)::timestamp AT TIME ZONE 'UTC';
    key      text;
    lower    text;
    upper    text;
    occupied boolean;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('webhook_partitions')) THEN
        RETURN NULL;
    END IF;
    IF to_regclass(name) IS NOT NULL THEN
        RETURN false;
    END IF;
    IF parent = 'events' THEN
        key := 'id';
        lower := quote_literal(webhook_id_at(begins));
        upper := quote_literal(webhook_id_at(ends));
    ELSE
        key := 'begun_at';
        lower := quote_literal(begins);
        upper := quote_literal(ends);
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I >= %s AND %I < %s)', parent || '_default', key, lower, key, upper)
        INTO occupied;
    IF occupied THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name, parent);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', parent, name, lower, upper);
    RETURN true;
END
$$;

-- Drops the partition of a week. NULL: somebody else is making or dropping one. False: it is not there.
CREATE FUNCTION webhook_partition_drop(parent text, week date) RETURNS boolean LANGUAGE plpgsql
    SET lock_timeout = '200ms'
AS $$
DECLARE
    name text := format('%s_p%s', parent, to_char(week, 'YYYYMMDD'));
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('webhook_partitions')) THEN
        RETURN NULL;
    END IF;
    IF to_regclass(name) IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE %I', name);
    RETURN true;
END
$$;

-- The weeks of what is carried over, as far as it is kept, and those that come next.
SELECT webhook_partition_make('events', week::date)
FROM (
    SELECT generate_series(
        date_trunc('week', GREATEST(COALESCE(min(created_at), now()), now() - interval '30 days') AT TIME ZONE 'UTC'),
        date_trunc('week', now() AT TIME ZONE 'UTC') + interval '2 weeks',
        interval '1 week') AS week
    FROM events_before
) AS weeks;

INSERT INTO events (merchant_id, id, subject, subject_id, sequence, event_type, payment_status, document, notify_url,
                    notify_queue, created_at)
SELECT e.merchant_id, e.id, 'order', e.order_id, e.sequence, e.event_type, e.payment_status, e.document, d.url,
       encode(substring(sha256(uuid_send(d.merchant_id) || convert_to(d.url, 'UTF8')) FOR 16), 'hex')::uuid, e.created_at
FROM events_before AS e
LEFT JOIN deliveries AS d ON d.merchant_id = e.merchant_id AND d.order_id = e.order_id AND d.event_id = e.id;

DROP TABLE events_before;

-- Transaction numbers mean something in one database cluster only. A log that was restored into another one, or to an earlier
-- point in time, begins a new era, and a cursor of an earlier one is continued by the time in its event's id.
CREATE TABLE event_log (
    one               boolean PRIMARY KEY DEFAULT true CHECK (one),
    era               integer NOT NULL CHECK (era > 0),
    system_identifier bigint  NOT NULL
);

INSERT INTO event_log (era, system_identifier) SELECT 1, system_identifier FROM pg_control_system();

-- Begins a new era: every event counts as recorded now, in the order of the ids. To be called by whoever restored to an
-- earlier point in time; a restored dump is noticed without.
CREATE FUNCTION event_log_begin_era() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    begun integer;
BEGIN
    LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE;
    UPDATE events SET recorded_in = pg_current_xact_id();
    UPDATE event_log SET era = era + 1, system_identifier = (SELECT s.system_identifier FROM pg_control_system() AS s)
    RETURNING era INTO begun;
    RETURN begun;
END
$$;
