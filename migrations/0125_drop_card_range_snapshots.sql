-- Card ranges are kept in caches of their own (0050) since a release ago; nothing has read or written this table since then.
DROP TABLE card_range_snapshots;
