-- Parts that the processor has taken, and that leave the rest held, may be on their way beside each other; of everything else
-- that is captured or voided one at a time, since it decides what is left. Made before the narrower index goes: what
-- that one allows, this one allows too.
CREATE UNIQUE INDEX settlements_one_at_a_time_per_payment ON settlements (merchant_id, payment_id)
    WHERE (kind = 'void' AND state IN ('sending', 'unknown', 'accepted'))
       OR (kind = 'capture' AND (state IN ('sending', 'unknown') OR (state = 'accepted' AND is_final)));

DROP INDEX settlements_one_release_in_flight_per_payment;
