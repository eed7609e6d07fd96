-- Of all orders that share a merchant's reference at most one is being paid, or is paid and has not had all of it given
-- back. The column is the payment's claim to its order's reference: there while the payment is open or holds money, empty
-- otherwise, so that the reference is free for the next order as soon as that is so.
ALTER TABLE payments ADD COLUMN reference text;

-- Should several payments of a reference stand already, the claim goes to one that took money, and among equals to the
-- first. The others keep their money and end as they would have; they only claim nothing.
UPDATE payments p
SET reference = claim.reference
FROM (
    SELECT DISTINCT ON (o.merchant_id, o.reference) o.merchant_id, o.reference, p.id
    FROM payments p JOIN orders o ON o.merchant_id = p.merchant_id AND o.id = p.order_id
    WHERE p.state IN ('authenticating', 'authorizing')
          OR (p.state = 'authorized'
              AND NOT (p.refunded = p.captured AND p.capturing = 0
                       AND (p.captured = p.authorized
                            OR COALESCE(p.state_data ->> 'standing', 'open') <> 'open')))
    ORDER BY o.merchant_id, o.reference, p.state <> 'authorized', p.created_at
) claim
WHERE p.merchant_id = claim.merchant_id AND p.id = claim.id;

CREATE UNIQUE INDEX payments_one_per_reference ON payments (merchant_id, reference) WHERE reference IS NOT NULL;
