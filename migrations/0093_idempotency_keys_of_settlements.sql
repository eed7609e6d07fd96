-- Several captures and refunds of one payment may be under way at once, each started by a call of its own: a key says which
-- of them its call is about, and is answered by that one's end.
ALTER TABLE idempotency_keys ADD COLUMN settlement_id uuid;
