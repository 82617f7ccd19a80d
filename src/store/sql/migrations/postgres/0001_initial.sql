-- Personal data stands in this database in two forms only: sealed (table sealed) and as keyed hashes.
-- Times are microseconds since 1970 in UTC. Ids are the 16 bytes of a UUID. `number` columns give the
-- order in which rows were made.

-- The database's own key (blind index, raw hash, audit chain), wrapped: it is also the check that the
-- right master key is in use.
CREATE TABLE data_key (
    one        BIGINT  NOT NULL PRIMARY KEY CHECK (one = 1),
    generation BIGINT  NOT NULL,
    wrapped    BYTEA    NOT NULL
);

-- One wrapped key per record. Deleting it destroys the record, and takes the sealed parts with it.
CREATE TABLE record_keys (
    kind       TEXT    NOT NULL,
    id         BYTEA    NOT NULL CHECK (length(id) = 16),
    generation BIGINT  NOT NULL,
    wrapped    BYTEA    NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX record_keys_by_generation ON record_keys (generation);

CREATE TABLE sealed (
    kind  TEXT NOT NULL,
    id    BYTEA NOT NULL,
    part  TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (kind, id, part),
    FOREIGN KEY (kind, id) REFERENCES record_keys (kind, id) ON DELETE CASCADE
);

CREATE TABLE messages (
    number     BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         BYTEA    NOT NULL UNIQUE CHECK (length(id) = 16),
    received   BIGINT  NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN
                   ('held', 'read', 'unreadable', 'filed', 'set_aside', 'accepted', 'rejected')),
    kind       TEXT,
    checks     BIGINT  NOT NULL DEFAULT 0,
    unreadable TEXT,
    -- HMAC of the raw bytes; stays after a rejection so that the same mail is not taken again. NULL where
    -- the bytes were never fetched.
    raw_hash   BYTEA    UNIQUE CHECK (length(raw_hash) = 32)
);
CREATE INDEX messages_by_state ON messages (state, number);

CREATE TABLE folders (
    mailbox     TEXT    NOT NULL,
    folder      TEXT    NOT NULL,
    uidvalidity BIGINT  NOT NULL,
    adopted     BIGINT  NOT NULL,
    PRIMARY KEY (mailbox, folder)
);

-- Every UID that the server ever showed.
CREATE TABLE ledger (
    mailbox       TEXT    NOT NULL,
    folder        TEXT    NOT NULL,
    uidvalidity   BIGINT  NOT NULL,
    uid           BIGINT  NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN
                      ('seen', 'stored', 'moved', 'gone', 'too_large', 'cannot_fetch', 'superseded')),
    attempts      BIGINT  NOT NULL DEFAULT 0,
    size          BIGINT ,
    internal_date BIGINT ,
    message       BYTEA    REFERENCES messages (id),
    seen          BIGINT  NOT NULL,
    ended         BIGINT ,
    PRIMARY KEY (mailbox, folder, uidvalidity, uid),
    CHECK (state NOT IN ('stored', 'moved', 'too_large', 'cannot_fetch') OR message IS NOT NULL)
);
CREATE INDEX ledger_by_state ON ledger (mailbox, state);
CREATE INDEX ledger_by_message ON ledger (message) WHERE message IS NOT NULL;
CREATE INDEX ledger_open ON ledger (mailbox, folder, uidvalidity, uid) WHERE state IN ('seen', 'stored');
CREATE INDEX ledger_unfetched ON ledger (mailbox, folder, size, internal_date)
    WHERE state IN ('too_large', 'cannot_fetch');

-- "We are about to ask the server to move this."
CREATE TABLE move_receipts (
    mailbox     TEXT    NOT NULL,
    folder      TEXT    NOT NULL,
    uidvalidity BIGINT  NOT NULL,
    uid         BIGINT  NOT NULL,
    message     BYTEA    NOT NULL REFERENCES messages (id),
    target      TEXT    NOT NULL,
    written     BIGINT  NOT NULL,
    PRIMARY KEY (mailbox, folder, uidvalidity, uid)
);

-- Where the server keeps copies of a message. The same bytes may have been delivered twice.
CREATE TABLE server_copies (
    mailbox     TEXT    NOT NULL,
    folder      TEXT    NOT NULL,
    uidvalidity BIGINT  NOT NULL,
    uid         BIGINT  NOT NULL,
    message     BYTEA    NOT NULL REFERENCES messages (id),
    PRIMARY KEY (mailbox, folder, uidvalidity, uid)
);
CREATE INDEX server_copies_by_message ON server_copies (message);

-- Server copies of destroyed messages that must go. copy_folder is NULL where the copy must be looked for.
CREATE TABLE server_deletions (
    number           BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mailbox          TEXT    NOT NULL,
    message          BYTEA    NOT NULL REFERENCES messages (id),
    copy_folder      TEXT,
    copy_uidvalidity BIGINT ,
    copy_uid         BIGINT ,
    queued           BIGINT  NOT NULL
);
CREATE INDEX server_deletions_due ON server_deletions (mailbox, message, number);

-- Keyed hashes of values by which the same people or incident are found again.
CREATE TABLE blind_index (
    kind    TEXT NOT NULL,
    hash    BYTEA NOT NULL CHECK (length(hash) = 32),
    message BYTEA NOT NULL REFERENCES messages (id),
    PRIMARY KEY (kind, hash, message)
);
CREATE INDEX blind_index_by_message ON blind_index (message);

-- Keyed hashes of Message-IDs.
CREATE TABLE threads (
    hash    BYTEA NOT NULL CHECK (length(hash) = 32),
    message BYTEA NOT NULL REFERENCES messages (id),
    PRIMARY KEY (hash, message)
);
CREATE INDEX threads_by_message ON threads (message);

-- What remains of a destroyed record. Identifies nobody.
CREATE TABLE tombstones (
    id               BYTEA    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind             TEXT    NOT NULL,
    received         BIGINT  NOT NULL,
    reason           TEXT    NOT NULL,
    actor            TEXT    NOT NULL,
    at               BIGINT  NOT NULL,
    server_copy_gone BIGINT 
);

-- The last number given out per prefix and year.
CREATE TABLE reference_counters (
    prefix TEXT    NOT NULL,
    year   BIGINT  NOT NULL,
    last   BIGINT  NOT NULL,
    PRIMARY KEY (prefix, year)
);

CREATE TABLE cases (
    number    BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        BYTEA    NOT NULL UNIQUE CHECK (length(id) = 16),
    reference TEXT    NOT NULL UNIQUE,
    state     TEXT    NOT NULL CHECK (state IN ('open', 'closed', 'destroyed')),
    opened    BIGINT  NOT NULL,
    message   BYTEA    NOT NULL REFERENCES messages (id)
);
CREATE INDEX cases_by_message ON cases (message);

-- One row per side; `side` is victim, offender or party, `position` numbers the parties from 0.
CREATE TABLE case_files (
    number    BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        BYTEA    NOT NULL UNIQUE CHECK (length(id) = 16),
    case_id   BYTEA    NOT NULL REFERENCES cases (id),
    side      TEXT    NOT NULL CHECK (side IN ('victim', 'offender', 'party')),
    position  BIGINT  NOT NULL DEFAULT 0,
    UNIQUE (case_id, side, position)
);

-- Submission accounts: user name, address and password hash are sealed.
CREATE TABLE accounts (
    id        BYTEA    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_hash BYTEA    NOT NULL UNIQUE CHECK (length(user_hash) = 32),
    changed   BIGINT  NOT NULL
);

-- Submitted mails: account, envelope and bytes are sealed.
CREATE TABLE outbound (
    number   BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       BYTEA    NOT NULL UNIQUE CHECK (length(id) = 16),
    received BIGINT  NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('accepted', 'planned', 'done', 'returned'))
);
CREATE INDEX outbound_by_state ON outbound (state, number);

-- One row per recipient; the recipient and what leaves are sealed parts of the mail.
CREATE TABLE deliveries (
    number    BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        BYTEA    NOT NULL UNIQUE CHECK (length(id) = 16),
    mail      BYTEA    NOT NULL REFERENCES outbound (id),
    state     TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'held', 'returned')),
    route     TEXT    NOT NULL CHECK (route IN ('cjsm', 'ordinary')),
    action    TEXT    NOT NULL CHECK (action IN ('pass', 'redact', 'hold')),
    reasons   TEXT    NOT NULL,
    attempts  BIGINT  NOT NULL DEFAULT 0,
    last_code BIGINT ,
    due       BIGINT  NOT NULL,
    ended     BIGINT ,
    -- What is handed over byte for byte takes the CJSM route, whatever wrote this row.
    CHECK (action <> 'pass' OR route = 'cjsm')
);
CREATE INDEX deliveries_by_mail ON deliveries (mail, number);
CREATE INDEX deliveries_due ON deliveries (due, number) WHERE state = 'waiting';

-- The audit log: each row carries an HMAC over the row before it; the head carries one over number and
-- last row, so that changing, leaving out and cutting off all show.
CREATE TABLE audit (
    seq    BIGINT  NOT NULL PRIMARY KEY,
    at     BIGINT  NOT NULL,
    actor  TEXT    NOT NULL,
    action TEXT    NOT NULL,
    record TEXT    NOT NULL,
    mac    BYTEA    NOT NULL CHECK (length(mac) = 32)
);
CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses();

CREATE TABLE audit_head (
    one   BIGINT  NOT NULL PRIMARY KEY CHECK (one = 1),
    count BIGINT  NOT NULL,
    last  BYTEA    NOT NULL CHECK (length(last) = 32),
    mac   BYTEA    NOT NULL CHECK (length(mac) = 32)
);
CREATE TRIGGER audit_head_refuses_delete BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses();
