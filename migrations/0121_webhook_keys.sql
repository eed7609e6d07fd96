-- What webhooks are signed with. Of each owner and scheme one key is current; the one before it signs beside it until it
-- expires, so that a receiver can change over without missing a message.
--
-- The current `v1` secret of a merchant's own URLs is `merchants.webhook_secret_sealed`; here are those it replaced.
CREATE TABLE webhook_keys (
    merchant_id uuid        NOT NULL REFERENCES merchants (id),
    id          uuid        NOT NULL,
    -- NULL: for the merchant's own URLs.
    endpoint_id uuid        REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    -- As in `webhook-signature` of Standard Webhooks: `v1` HMAC-SHA256, `v1a` Ed25519.
    scheme      text        NOT NULL CHECK (scheme IN ('v1', 'v1a')),
    -- `whsec_…` or `whsk_…`, sealed: it must be had back, so a hash would not do.
    sealed      bytea       NOT NULL,
    -- `whpk_…`, for whoever verifies.
    public_key  text        CHECK ((scheme = 'v1a') = (public_key IS NOT NULL)),
    created_at  timestamptz NOT NULL,
    -- NULL: current.
    expires_at  timestamptz,
    PRIMARY KEY (merchant_id, id)
);

CREATE UNIQUE INDEX webhook_keys_one_current ON webhook_keys (merchant_id, COALESCE(endpoint_id, merchant_id), scheme)
    WHERE expires_at IS NULL;
CREATE INDEX webhook_keys_of_endpoint ON webhook_keys (endpoint_id);
