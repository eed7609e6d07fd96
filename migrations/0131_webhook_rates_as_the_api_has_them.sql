-- An endpoint's rate is 1 to 1,000 a second wherever it is asked for. A higher one was never to be had but by hand.
UPDATE webhook_endpoints SET rate_per_second = 1000 WHERE rate_per_second > 1000;
ALTER TABLE webhook_endpoints
    DROP CONSTRAINT webhook_endpoints_rate_per_second_check,
    ADD CONSTRAINT webhook_endpoints_rate_per_second_check CHECK (rate_per_second BETWEEN 1 AND 1000);
