-- Whether a reference is being paid, or is paid, is asked of the claims (`payments_one_per_reference`); nothing looks for
-- orders by it any more.
DROP INDEX orders_by_reference;
