-- The gateway itself changes things too: it disables a webhook endpoint that is gone, or that has failed for days.
ALTER TABLE audit DROP CONSTRAINT audit_actor_check;
ALTER TABLE audit ADD CONSTRAINT audit_actor_check CHECK (actor IN ('operator', 'command_line', 'gateway'));
