-- Codes on their way to cardholders: one row a code, whoever carries it.
--
-- Where a message is only ever gets better known: a rung of a ladder that is climbed upwards. What stands on the last rung
-- is an end.
CREATE FUNCTION acs.delivery_rung(status text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE status WHEN 'queued' THEN 0 WHEN 'accepted' THEN 1 WHEN 'sent' THEN 2 ELSE 3 END;

CREATE TABLE acs.sms_deliveries (
    acs_trans_id    uuid        NOT NULL,
    -- Which code of the challenge, from 1.
    generation      integer     NOT NULL CHECK (generation > 0),
    issuer_id       text        NOT NULL,
    consumer_id     text        NOT NULL,
    card_id         text        NOT NULL,
    status          text        NOT NULL DEFAULT 'queued' CHECK (status IN
                        ('queued', 'accepted', 'sent', 'delivered', 'undelivered', 'failed', 'expired', 'unknown')),
    -- What the message says besides the code (`acs::store::deliveries::Content`).
    content         jsonb       NOT NULL,
    -- Code and phone, sealed; gone as soon as somebody has taken the code or it is void.
    sealed          bytea,
    -- The phone as logs and counters may know it, and the country it is in, where the phone is known.
    phone_hash      bytea       CHECK (length(phone_hash) = 8),
    prefix          text        CHECK (prefix ~ '^[0-9]{1,3}$'),
    -- Who hands it over, until when.
    lease_owner     uuid,
    lease_until     timestamptz,
    -- The carrier that was asked last, written before it is asked: of a queued row whose lease has run out, nobody can
    -- say whether the carrier sent it. `tries` counts how often it was asked.
    carrier         text,
    tries           smallint    NOT NULL DEFAULT 0,
    error_code      text        CHECK (length(error_code) <= 64),
    encoding        text        CHECK (encoding IN ('gsm7', 'ucs2')),
    segments        smallint    CHECK (segments > 0),
    -- What the challenge has yet to be told, and whether it was told that the code did not arrive.
    news            text        CHECK (news IN ('handed_over', 'not_sent', 'maybe_lost', 'undelivered')),
    renewed         boolean     NOT NULL DEFAULT false,
    queued_at       timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    accepted_at     timestamptz,
    final_at        timestamptz,
    voided_at       timestamptz,
    -- No foreign key: a code may be told of after its transaction is gone, and rows go by their own age.
    PRIMARY KEY (acs_trans_id, generation),
    CHECK (sealed IS NULL OR status = 'queued'),
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CHECK ((final_at IS NULL) = (acs.delivery_rung(status) < 3))
);
CREATE INDEX sms_deliveries_queued ON acs.sms_deliveries (queued_at) WHERE status = 'queued';
CREATE INDEX sms_deliveries_news ON acs.sms_deliveries (queued_at) WHERE news IS NOT NULL;
CREATE INDEX sms_deliveries_age ON acs.sms_deliveries (queued_at);

-- The rule above, whatever a statement says.
CREATE FUNCTION acs.delivery_goes_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a delivery does not go from % to %', OLD.status, NEW.status;
END $$;
CREATE TRIGGER sms_deliveries_go_up BEFORE UPDATE OF status ON acs.sms_deliveries FOR EACH ROW
    WHEN (NEW.status IS DISTINCT FROM OLD.status AND acs.delivery_rung(NEW.status) <= acs.delivery_rung(OLD.status))
    EXECUTE FUNCTION acs.delivery_goes_up();
