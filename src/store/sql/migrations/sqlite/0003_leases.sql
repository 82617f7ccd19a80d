-- Several daemons on one database. The times in these tables and columns are the database's own clock, so that the clocks
-- of the daemons' hosts need not agree.

-- The run of each daemon that is signed on. What it has taken counts while its row is here and not past `alive_until`.
CREATE TABLE daemons (
    instance    TEXT    NOT NULL PRIMARY KEY,
    incarnation BLOB    NOT NULL UNIQUE CHECK (length(incarnation) = 16),
    since       INTEGER NOT NULL,
    alive_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which run of a daemon works on a mailbox; one at a time.
CREATE TABLE leases (
    mailbox     TEXT    NOT NULL,
    duty        TEXT    NOT NULL CHECK (duty IN ('inbox', 'outbox')),
    incarnation BLOB    NOT NULL CHECK (length(incarnation) = 16),
    since       INTEGER NOT NULL,
    PRIMARY KEY (mailbox, duty)
) STRICT, WITHOUT ROWID;

-- The run of a daemon that reads, plans or delivers the row.
ALTER TABLE messages ADD COLUMN claimed_by BLOB CHECK (length(claimed_by) = 16);
ALTER TABLE outbound ADD COLUMN claimed_by BLOB CHECK (length(claimed_by) = 16);
ALTER TABLE deliveries ADD COLUMN claimed_by BLOB CHECK (length(claimed_by) = 16);
-- Until when the mail may be on its way to the relay, whatever has become of the daemon.
ALTER TABLE deliveries ADD COLUMN sending_until INTEGER;
CREATE INDEX deliveries_claimed ON deliveries (claimed_by) WHERE claimed_by IS NOT NULL;
