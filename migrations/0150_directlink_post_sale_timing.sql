-- Whether a browser goes on to its shop at once, or only when the shop's server was told how the payment ended.
ALTER TABLE directlink_accounts
    ADD COLUMN post_sale_timing text NOT NULL DEFAULT 'deferred' CHECK (post_sale_timing IN ('deferred', 'online'));
