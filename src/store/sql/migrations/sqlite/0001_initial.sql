-- Personal data stands in this database in two forms only: sealed (table sealed) and as keyed hashes.
-- Times are microseconds since 1970 in UTC. Ids are the 16 bytes of a UUID. `number` columns give the
-- order in which rows were made.

-- The database's own key (blind index, raw hash, audit chain), wrapped: it is also the check that the
-- right master key is in use.
CREATE TABLE data_key (
    one        INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    generation INTEGER NOT NULL,
    wrapped    BLOB    NOT NULL
) STRICT;

-- One wrapped key per record. Deleting it destroys the record, and takes the sealed parts with it.
CREATE TABLE record_keys (
    kind       TEXT    NOT NULL,
    id         BLOB    NOT NULL CHECK (length(id) = 16),
    generation INTEGER NOT NULL,
    wrapped    BLOB    NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_keys_by_generation ON record_keys (generation);

CREATE TABLE sealed (
    kind  TEXT NOT NULL,
    id    BLOB NOT NULL,
    part  TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (kind, id, part),
    FOREIGN KEY (kind, id) REFERENCES record_keys (kind, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE messages (
    number     INTEGER PRIMARY KEY,
    id         BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    received   INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN
                   ('held', 'read', 'unreadable', 'filed', 'set_aside', 'accepted', 'rejected')),
    kind       TEXT,
    checks     INTEGER NOT NULL DEFAULT 0,
    unreadable TEXT,
    -- HMAC of the raw bytes; stays after a rejection so that the same mail is not taken again. NULL where
    -- the bytes were never fetched.
    raw_hash   BLOB    UNIQUE CHECK (length(raw_hash) = 32)
) STRICT;
CREATE INDEX messages_by_state ON messages (state, number);

CREATE TABLE folders (
    mailbox     TEXT    NOT NULL,
    folder      TEXT    NOT NULL,
    uidvalidity INTEGER NOT NULL,
    adopted     INTEGER NOT NULL,
    PRIMARY KEY (mailbox, folder)
) STRICT, WITHOUT ROWID;

-- Every UID that the server ever showed.
CREATE TABLE ledger (
    mailbox       TEXT    NOT NULL,
    folder        TEXT    NOT NULL,
    uidvalidity   INTEGER NOT NULL,
    uid           INTEGER NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN
                      ('seen', 'stored', 'moved', 'gone', 'too_large', 'cannot_fetch', 'superseded')),
    attempts      INTEGER NOT NULL DEFAULT 0,
    size          INTEGER,
    internal_date INTEGER,
    message       BLOB    REFERENCES messages (id),
    seen          INTEGER NOT NULL,
    ended         INTEGER,
    PRIMARY KEY (mailbox, folder, uidvalidity, uid),
    CHECK (state NOT IN ('stored', 'moved', 'too_large', 'cannot_fetch') OR message IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_by_state ON ledger (mailbox, state);
CREATE INDEX ledger_by_message ON ledger (message) WHERE message IS NOT NULL;
CREATE INDEX ledger_open ON ledger (mailbox, folder, uidvalidity, uid) WHERE state IN ('seen', 'stored');
CREATE INDEX ledger_unfetched ON ledger (mailbox, folder, size, internal_date)
    WHERE state IN ('too_large', 'cannot_fetch');

-- "We are about to ask the server to move this."
CREATE TABLE move_receipts (
    mailbox     TEXT    NOT NULL,
    folder      TEXT    NOT NULL,
    uidvalidity INTEGER NOT NULL,
    uid         INTEGER NOT NULL,
    message     BLOB    NOT NULL REFERENCES messages (id),
    target      TEXT    NOT NULL,
    written     INTEGER NOT NULL,
    PRIMARY KEY (mailbox, folder, uidvalidity, uid)
) STRICT, WITHOUT ROWID;

-- Where the server keeps copies of a message. The same bytes may have been delivered twice.
CREATE TABLE server_copies (
    mailbox     TEXT    NOT NULL,
    folder      TEXT    NOT NULL,
    uidvalidity INTEGER NOT NULL,
    uid         INTEGER NOT NULL,
    message     BLOB    NOT NULL REFERENCES messages (id),
    PRIMARY KEY (mailbox, folder, uidvalidity, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX server_copies_by_message ON server_copies (message);

-- Server copies of destroyed messages that must go. copy_folder is NULL where the copy must be looked for.
CREATE TABLE server_deletions (
    number           INTEGER PRIMARY KEY,
    mailbox          TEXT    NOT NULL,
    message          BLOB    NOT NULL REFERENCES messages (id),
    copy_folder      TEXT,
    copy_uidvalidity INTEGER,
    copy_uid         INTEGER,
    queued           INTEGER NOT NULL
) STRICT;
CREATE INDEX server_deletions_due ON server_deletions (mailbox, message, number);

-- Keyed hashes of values by which the same people or incident are found again.
CREATE TABLE blind_index (
    kind    TEXT NOT NULL,
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    message BLOB NOT NULL REFERENCES messages (id),
    PRIMARY KEY (kind, hash, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX blind_index_by_message ON blind_index (message);

-- Keyed hashes of Message-IDs.
CREATE TABLE threads (
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    message BLOB NOT NULL REFERENCES messages (id),
    PRIMARY KEY (hash, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX threads_by_message ON threads (message);

-- What remains of a destroyed record. Identifies nobody.
CREATE TABLE tombstones (
    id               BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind             TEXT    NOT NULL,
    received         INTEGER NOT NULL,
    reason           TEXT    NOT NULL,
    actor            TEXT    NOT NULL,
    at               INTEGER NOT NULL,
    server_copy_gone INTEGER
) STRICT, WITHOUT ROWID;

-- The last number given out per prefix and year.
CREATE TABLE reference_counters (
    prefix TEXT    NOT NULL,
    year   INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    PRIMARY KEY (prefix, year)
) STRICT, WITHOUT ROWID;

CREATE TABLE cases (
    number    INTEGER PRIMARY KEY,
    id        BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    reference TEXT    NOT NULL UNIQUE,
    state     TEXT    NOT NULL CHECK (state IN ('open', 'closed', 'destroyed')),
    opened    INTEGER NOT NULL,
    message   BLOB    NOT NULL REFERENCES messages (id)
) STRICT;
CREATE INDEX cases_by_message ON cases (message);

-- One row per side; `side` is victim, offender or party, `position` numbers the parties from 0.
CREATE TABLE case_files (
    number    INTEGER PRIMARY KEY,
    id        BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    case_id   BLOB    NOT NULL REFERENCES cases (id),
    side      TEXT    NOT NULL CHECK (side IN ('victim', 'offender', 'party')),
    position  INTEGER NOT NULL DEFAULT 0,
    UNIQUE (case_id, side, position)
) STRICT;

-- Submission accounts: user name, address and password hash are sealed.
CREATE TABLE accounts (
    id        BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_hash BLOB    NOT NULL UNIQUE CHECK (length(user_hash) = 32),
    changed   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Submitted mails: account, envelope and bytes are sealed.
CREATE TABLE outbound (
    number   INTEGER PRIMARY KEY,
    id       BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    received INTEGER NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('accepted', 'planned', 'done', 'returned'))
) STRICT;
CREATE INDEX outbound_by_state ON outbound (state, number);

-- One row per recipient; the recipient and what leaves are sealed parts of the mail.
CREATE TABLE deliveries (
    number    INTEGER PRIMARY KEY,
    id        BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    mail      BLOB    NOT NULL REFERENCES outbound (id),
    state     TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'held', 'returned')),
    route     TEXT    NOT NULL CHECK (route IN ('cjsm', 'ordinary')),
    action    TEXT    NOT NULL CHECK (action IN ('pass', 'redact', 'hold')),
    reasons   TEXT    NOT NULL,
    attempts  INTEGER NOT NULL DEFAULT 0,
    last_code INTEGER,
    due       INTEGER NOT NULL,
    ended     INTEGER,
    -- What is handed over byte for byte takes the CJSM route, whatever wrote this row.
    CHECK (action <> 'pass' OR route = 'cjsm')
) STRICT;
CREATE INDEX deliveries_by_mail ON deliveries (mail, number);
CREATE INDEX deliveries_due ON deliveries (due, number) WHERE state = 'waiting';

-- The audit log: each row carries an HMAC over the row before it; the head carries one over number and
-- last row, so that changing, leaving out and cutting off all show.
CREATE TABLE audit (
    seq    INTEGER NOT NULL PRIMARY KEY,
    at     INTEGER NOT NULL,
    actor  TEXT    NOT NULL,
    action TEXT    NOT NULL,
    record TEXT    NOT NULL,
    mac    BLOB    NOT NULL CHECK (length(mac) = 32)
) STRICT;
CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE audit_head (
    one   INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    count INTEGER NOT NULL,
    last  BLOB    NOT NULL CHECK (length(last) = 32),
    mac   BLOB    NOT NULL CHECK (length(mac) = 32)
) STRICT;
CREATE TRIGGER audit_head_refuses_delete BEFORE DELETE ON audit_head
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
