-- An endpoint that has been failing for too long is disabled when its next attempt fails; nobody looks for it by the time.
DROP INDEX webhook_endpoints_failing;
