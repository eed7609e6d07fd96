-- Directory servers: the protocol versions each takes, and mutual TLS in both directions.
ALTER TABLE directory_servers
    -- `2.2.0`, lowest first. NULL: whatever its card ranges say.
    ADD COLUMN versions           text[] CHECK (cardinality(versions) BETWEEN 1 AND 10),
    -- Our certificate there with its chain, PEM, and its private key (PEM, sealed).
    ADD COLUMN client_certificate text,
    ADD COLUMN client_key_sealed  bytea,
    -- PEM. The only roots that are trusted with this directory server; NULL: the system's.
    ADD COLUMN roots              text,
    -- DNS names of which its certificate must have one when it posts results. NULL: any certificate under its roots.
    ADD COLUMN results_names      text[] CHECK (cardinality(results_names) BETWEEN 1 AND 10),
    ADD CONSTRAINT directory_servers_client_certificate
        CHECK ((client_certificate IS NULL) = (client_key_sealed IS NULL));
