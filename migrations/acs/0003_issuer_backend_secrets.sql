-- What we show the issuer's own token endpoint when we call its backend, sealed; the address is in the policy.
ALTER TABLE acs.issuers ADD COLUMN backend_secret bytea;
