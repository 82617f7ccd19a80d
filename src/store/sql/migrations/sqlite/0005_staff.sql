-- Accounts for the staff pages: name, role, password hash and second step are sealed; the look-up is by keyed hash.
-- `last_step` is the last thirty seconds whose code was used: a code is taken once.
CREATE TABLE staff (
    id        BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name_hash BLOB    NOT NULL UNIQUE CHECK (length(name_hash) = 32),
    changed   INTEGER NOT NULL,
    last_step INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Sign-ins. Of what a browser shows only the keyed hash is kept.
CREATE TABLE staff_sessions (
    id      BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    hash    BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    staff   BLOB    NOT NULL REFERENCES staff (id),
    stage   TEXT    NOT NULL CHECK (stage IN ('password', 'complete')),
    started INTEGER NOT NULL,
    seen    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX staff_sessions_by_staff ON staff_sessions (staff);

-- Keyed hashes of recovery codes that were not used yet.
CREATE TABLE staff_recovery (
    hash  BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    staff BLOB NOT NULL REFERENCES staff (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX staff_recovery_by_staff ON staff_recovery (staff);

-- Held mail is a list of its own.
CREATE INDEX deliveries_held ON deliveries (mail) WHERE state = 'held';
