-- How often something was done lately, so that a flood of messages or of challenges ends at the database and not at a
-- process of many. A window is counted in grains, a thirtieth of it each, and slides by them.
--
-- Keys say nothing of whom they count: a card is named by its issuer's own name for it, phones and addresses by keyed hashes.
CREATE TABLE acs.rate_counters (
    issuer_id       text        NOT NULL,
    scope           text        NOT NULL CHECK (scope IN ('address', 'card', 'phone', 'issuer')),
    key             bytea       NOT NULL,
    window_seconds  integer     NOT NULL CHECK (window_seconds > 0),
    grain_start     timestamptz NOT NULL,
    n               integer     NOT NULL CHECK (n > 0),
    -- When no window that is still to come counts this grain.
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (issuer_id, scope, key, window_seconds, grain_start)
) WITH (fillfactor = 80);
CREATE INDEX rate_counters_by_end ON acs.rate_counters (expires_at);
