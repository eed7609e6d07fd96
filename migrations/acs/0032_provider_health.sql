-- What providers were asked and what came of it, by country and hour: what issuers and operators see of them.
CREATE TABLE acs.provider_health (
    provider        text        NOT NULL,
    -- '' where the phone is not known.
    prefix          text        NOT NULL,
    hour            timestamptz NOT NULL,
    accepted        bigint      NOT NULL DEFAULT 0,
    refused         bigint      NOT NULL DEFAULT 0,
    not_taken       bigint      NOT NULL DEFAULT 0,
    unknown         bigint      NOT NULL DEFAULT 0,
    delivered       bigint      NOT NULL DEFAULT 0,
    undelivered     bigint      NOT NULL DEFAULT 0,
    -- Summed up over `accepted`, `refused`, `not_taken`, `unknown`; and from acceptance to the phone over `delivered`.
    answer_millis   bigint      NOT NULL DEFAULT 0,
    delivery_millis bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (hour, provider, prefix)
);
