-- Directory servers issue the certificates of both sides themselves, so the results listener may have a name and a
-- certificate for each of them.
ALTER TABLE directory_servers
    -- `threeDSServerURL` there: at most 2048 characters in EMV 3-D Secure. NULL: as in the configuration.
    ADD COLUMN results_url text CHECK (char_length(results_url) <= 2048);
