-- Why a payment takes the routes it takes: every rule and connection that was looked at. Written once, with the payment;
-- NULL for payments from before this column.
ALTER TABLE payments ADD COLUMN routing jsonb;
