-- A processor's notification names a charge by the reference that we sent it with.
CREATE INDEX attempts_by_reference ON attempts (merchant_id, reference);
