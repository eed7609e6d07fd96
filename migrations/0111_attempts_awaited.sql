-- An attempt that the processor has taken and answers later is a state of its own: in flight, and known to the processor.
ALTER TABLE attempts DROP CONSTRAINT attempts_state_check;
ALTER TABLE attempts ADD CONSTRAINT attempts_state_check
    CHECK (state IN ('sending', 'approved', 'declined', 'not_sent', 'unknown', 'awaited', 'lost', 'reversing', 'reversed'));

DROP INDEX attempts_one_in_flight_per_payment;
CREATE UNIQUE INDEX attempts_one_in_flight_per_payment ON attempts (merchant_id, payment_id)
    WHERE state IN ('sending', 'unknown', 'awaited');
