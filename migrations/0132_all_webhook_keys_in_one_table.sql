-- The current `v1` secret of a merchant's own URLs was kept with the merchant and is a key like the others now: rotated
-- with them in one transaction, and shown with the time it was made at.

-- A sealed value opens only in the place it was sealed for. That is the key's row, but for those that come from here: it
-- is the merchant's, under which they go on to be opened until they are replaced.
ALTER TABLE webhook_keys
    ADD COLUMN sealed_with_merchant boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT webhook_keys_sealed_with_merchant
        CHECK (NOT sealed_with_merchant OR (endpoint_id IS NULL AND scheme = 'v1'));

-- One that replaced another was made when that one was moved to this table.
INSERT INTO webhook_keys (merchant_id, id, scheme, sealed, sealed_with_merchant, created_at)
SELECT m.id, gen_random_uuid(), 'v1', m.webhook_secret_sealed, true,
       COALESCE((SELECT max(k.created_at) FROM webhook_keys AS k
                 WHERE k.merchant_id = m.id AND k.endpoint_id IS NULL AND k.scheme = 'v1'), m.created_at)
FROM merchants AS m;

ALTER TABLE merchants DROP COLUMN webhook_secret_sealed;
