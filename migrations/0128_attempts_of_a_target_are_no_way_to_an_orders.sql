-- As with the event log's index: in a week that was empty when it was analysed, the planner takes an index that has `begun_at`
-- as a column for a way to the attempts of an order, and walks through everybody's attempts of the week, each time an order
-- is read. So `begun_at` is named in a way of its own where it stands behind something else than the order. It is never null.
DROP INDEX webhook_attempts_of_target;
CREATE INDEX webhook_attempts_of_target
    ON webhook_attempts ((COALESCE(endpoint_id, merchant_id)), (COALESCE(begun_at, event_created_at)));
DROP INDEX webhook_attempts_failed;
CREATE INDEX webhook_attempts_failed
    ON webhook_attempts ((COALESCE(endpoint_id, merchant_id)), (COALESCE(begun_at, event_created_at)))
    WHERE outcome <> 'delivered';
