-- Banks that the access control server works for. Migrations of this folder have a book of their own, in this schema.
CREATE TABLE acs.issuers (
    issuer_id   text        PRIMARY KEY CHECK (issuer_id ~ '^[A-Za-z0-9_-]{10}$'),
    name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    -- What the issuer set (`acs::policy::Policy`); what the document leaves out is the default.
    policy      jsonb       NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
