-- What a payment has been through: its attempts, and what was decided about its authentication on each route that came
-- into question. Beside the rows of attempts, because it is read with every reading of the order.
ALTER TABLE payments ADD COLUMN history jsonb NOT NULL DEFAULT '{}';
