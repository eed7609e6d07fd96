-- Naming the merchant in a way of its own was not enough: in a week that was empty when a plan was made, the planner takes an
-- index that has `id` as a column for a way to an event by its id, and walks through all of the week to find one, until the
-- week is analysed. So the id is named in a way of its own as well. Neither column is ever null.
DROP INDEX events_log;
CREATE INDEX events_log ON events ((COALESCE(merchant_id, id)), recorded_in, (COALESCE(id, merchant_id)));
