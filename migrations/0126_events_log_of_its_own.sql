-- The log's index names the merchant in a way of its own, so that it is no way to an event by its id: in a young week the
-- planner cannot tell the two ways apart, and a plan it keeps would walk through all of a merchant's events of that week to
-- find one. `merchant_id` is never null.
DROP INDEX events_log;
CREATE INDEX events_log ON events ((COALESCE(merchant_id, id)), recorded_in, id);
