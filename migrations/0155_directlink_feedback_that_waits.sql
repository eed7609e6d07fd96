-- A refusal after which the shopper may try another card waits: it is told when the shopper leaves or enough time has passed, and
-- never once a later try of the same order has ended.
ALTER TABLE directlink_feedback
    ADD COLUMN waits_for_shopper boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT directlink_feedback_outcome_check,
    ADD CONSTRAINT directlink_feedback_outcome_check
        CHECK (outcome IN ('delivered', 'given_up', 'no_url', 'overtaken'));
