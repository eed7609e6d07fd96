-- All that was asked after a payment, in the order of asking: DirectLink numbers it.
CREATE INDEX settlements_of_payment ON settlements (merchant_id, payment_id, requested_at, id);
