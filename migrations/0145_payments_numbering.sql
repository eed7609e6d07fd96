-- A payment claims its order's reference within the numbering that this is of, no longer within all that the merchant has:
-- accounts of DirectLink that number alike are each paid, and so is an order of the orders API beside them.
ALTER TABLE payments ADD COLUMN numbering text NOT NULL DEFAULT '';
-- From here on whoever inserts a payment says it, or has it said by the trigger below.
ALTER TABLE payments ALTER COLUMN numbering DROP DEFAULT;

UPDATE payments p
SET numbering = d.pspid
FROM directlink_payments d
WHERE d.merchant_id = p.merchant_id AND d.order_id = p.order_id;

-- Processes of the version before insert payments without a numbering for as long as they still serve. Theirs have to be where
-- those of this version are, or of two twins each of which came to another version both would be charged. An order of
-- DirectLink has its PAYID before it has a payment. A later release may drop this.
CREATE FUNCTION payments_numbering() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.numbering := COALESCE(
        (SELECT pspid FROM directlink_payments WHERE merchant_id = NEW.merchant_id AND order_id = NEW.order_id),
        ''
    );
    RETURN NEW;
END
$$;
CREATE TRIGGER payments_numbering BEFORE INSERT ON payments
    FOR EACH ROW WHEN (NEW.numbering IS NULL) EXECUTE FUNCTION payments_numbering();

-- What was unique for a merchant is so within each numbering.
CREATE UNIQUE INDEX payments_one_per_reference_of_numbering ON payments (merchant_id, numbering, reference)
    WHERE reference IS NOT NULL;
DROP INDEX payments_one_per_reference;
