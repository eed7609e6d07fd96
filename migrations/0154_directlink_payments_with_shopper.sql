-- Whether the shopper came to our pages for this try. A refusal is then told to the shop's server only once no other try can
-- follow it.
ALTER TABLE directlink_payments ADD COLUMN with_shopper boolean NOT NULL DEFAULT false;
