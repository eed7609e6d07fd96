-- What issuer identification numbers tell of a card, as operators import it.
CREATE TABLE bins (
    -- The longest prefix that a number begins with counts.
    prefix         text        PRIMARY KEY CHECK (prefix ~ '^[0-9]{6,8}$'),
    brand          text        NOT NULL,
    card_type      text        CHECK (card_type IN ('credit', 'debit', 'prepaid')),
    issuer_bank    text        CHECK (char_length(issuer_bank) BETWEEN 1 AND 100),
    -- ISO 3166-1 alpha-2; ISO 4217.
    issuer_country text        CHECK (char_length(issuer_country) = 2),
    currency       text        CHECK (char_length(currency) = 3),
    updated_at     timestamptz NOT NULL
);

-- One row for each change of the table, so that a process sees with one look whether it has to read it again.
CREATE TABLE bin_imports (
    id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at   timestamptz NOT NULL,
    rows integer     NOT NULL
);
