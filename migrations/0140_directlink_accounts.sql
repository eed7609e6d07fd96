-- Accounts of the form-encoded protocol DirectLink: a name that shops send, and the merchant behind it.
CREATE TABLE directlink_accounts (
    pspid                 text        PRIMARY KEY CHECK (char_length(pspid) BETWEEN 1 AND 30),
    merchant_id           uuid        NOT NULL REFERENCES merchants (id),
    -- Charges go to the merchant's connections of this processor; NULL: as the merchant's rules say.
    processor             text        CHECK (char_length(processor) BETWEEN 1 AND 64),
    -- The digest of both signatures.
    hash                  text        NOT NULL CHECK (hash IN ('sha1', 'sha256', 'sha512')),
    -- Passphrases, sealed. Without the first, requests need no signature; without the second, feedback has none.
    sha_in_sealed         bytea,
    sha_out_sealed        bytea,
    -- What an order without OPERATION does.
    operation             text        NOT NULL CHECK (operation IN ('RES', 'SAL')),
    -- Where requests may come from; empty: from anywhere.
    allowed_addresses     cidr[]      NOT NULL DEFAULT '{}' CHECK (cardinality(allowed_addresses) <= 100),
    -- Where browsers go, where a request does not say.
    accept_url            text        CHECK (char_length(accept_url) <= 2048),
    decline_url           text        CHECK (char_length(decline_url) <= 2048),
    exception_url         text        CHECK (char_length(exception_url) <= 2048),
    cancel_url            text        CHECK (char_length(cancel_url) <= 2048),
    -- Whether what browsers carry back says how it ended. Needs the second passphrase.
    feedback_on_redirect  boolean     NOT NULL,
    -- Post-sale requests: for what was accepted or is open, for what was not, and for later changes.
    post_sale_accept_url  text        CHECK (char_length(post_sale_accept_url) <= 2048),
    post_sale_decline_url text        CHECK (char_length(post_sale_decline_url) <= 2048),
    post_sale_change_url  text        CHECK (char_length(post_sale_change_url) <= 2048),
    post_sale_method      text        NOT NULL CHECK (post_sale_method IN ('GET', 'POST')),
    -- How often a shopper may try to pay one order.
    attempts_max          smallint    NOT NULL CHECK (attempts_max BETWEEN 1 AND 50),
    status                text        NOT NULL CHECK (status IN ('active', 'disabled')),
    -- Counts the writes: a change commits only on the version it was made from.
    version               bigint      NOT NULL,
    created_at            timestamptz NOT NULL,
    updated_at            timestamptz NOT NULL
);
CREATE INDEX directlink_accounts_of_merchant ON directlink_accounts (merchant_id);
