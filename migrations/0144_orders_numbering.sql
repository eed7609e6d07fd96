-- Whose numbering an order's reference is of: '' is the merchant's own, by the orders API, anything else the account of DirectLink
-- (`pspid`) whose ORDERID it is. Shops that number alike for one merchant mean different purchases. What claims a reference is the
-- payment (see the next migration): an order that a process of the version before still opens may go without.
ALTER TABLE orders ADD COLUMN numbering text NOT NULL DEFAULT '';

UPDATE orders o
SET numbering = d.pspid
FROM directlink_payments d
WHERE d.merchant_id = o.merchant_id AND d.order_id = o.id;
