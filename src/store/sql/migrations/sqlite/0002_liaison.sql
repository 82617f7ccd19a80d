-- Which case file is whose to write about.
CREATE TABLE allocations (
    file    BLOB    NOT NULL REFERENCES case_files (id),
    account BLOB    NOT NULL REFERENCES accounts (id),
    since   INTEGER NOT NULL,
    PRIMARY KEY (file, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX allocations_by_account ON allocations (account);

-- Keyed hashes of the addresses that a relay took mail for.
CREATE TABLE correspondents (
    hash  BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keyed hashes of the Message-IDs that deliveries leave under: replies and delivery reports name them.
CREATE TABLE delivery_threads (
    hash     BLOB NOT NULL CHECK (length(hash) = 32),
    delivery BLOB NOT NULL REFERENCES deliveries (id),
    PRIMARY KEY (hash, delivery)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_threads_by_delivery ON delivery_threads (delivery);

-- How a held delivery leaves if staff release it; NULL where they cannot.
ALTER TABLE deliveries ADD COLUMN if_released TEXT CHECK (if_released IN ('pass', 'redact'));
-- The state that the sender was told of last. What ended before this version is not told.
ALTER TABLE deliveries ADD COLUMN told TEXT;
UPDATE deliveries SET told = state WHERE state <> 'waiting';
CREATE INDEX deliveries_to_tell ON deliveries (mail) WHERE state IN ('held', 'failed', 'returned', 'sent');

-- HMAC of the bytes of a mail from the Outbox folder, so that it is taken once.
ALTER TABLE outbound ADD COLUMN outbox_hash BLOB CHECK (length(outbox_hash) = 32);
CREATE UNIQUE INDEX outbound_by_outbox_hash ON outbound (outbox_hash) WHERE outbox_hash IS NOT NULL;

-- The mail that a notice of ours is about; NULL for a submitted mail.
ALTER TABLE outbound ADD COLUMN notice_about BLOB REFERENCES outbound (id);
