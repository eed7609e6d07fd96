-- Audit: who changed what, and how it looked before and after. A row is written in the transaction of its change and
-- is never changed itself.
CREATE TABLE audit (
    -- Also the order of the changes as they are listed.
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    -- `operator` with its id, or `command_line` for somebody with a shell on the machine.
    actor       text        NOT NULL CHECK (actor IN ('operator', 'command_line')),
    operator_id uuid        CHECK ((actor = 'operator') = (operator_id IS NOT NULL)),
    -- `connection.activate`, `application.revoke`, …
    action      text        NOT NULL,
    -- NULL for what belongs to no merchant.
    merchant_id uuid,
    -- What was changed: an id, or a brand for a directory server.
    subject     text        NOT NULL,
    -- Both without secrets.
    before      jsonb,
    after       jsonb
);

CREATE INDEX audit_by_merchant ON audit (merchant_id, id);
