-- Accounts for the staff pages: name, role, password hash and second step are sealed; the look-up is by keyed hash.
-- `last_step` is the last thirty seconds whose code was used: a code is taken once.
CREATE TABLE staff (
    id        BYTEA   NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name_hash BYTEA   NOT NULL UNIQUE CHECK (length(name_hash) = 32),
    changed   BIGINT  NOT NULL,
    last_step BIGINT  NOT NULL DEFAULT 0
);

-- Sign-ins. Of what a browser shows only the keyed hash is kept.
CREATE TABLE staff_sessions (
    id      BYTEA   NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    hash    BYTEA   NOT NULL UNIQUE CHECK (length(hash) = 32),
    staff   BYTEA   NOT NULL REFERENCES staff (id),
    stage   TEXT    NOT NULL CHECK (stage IN ('password', 'complete')),
    started BIGINT  NOT NULL,
    seen    BIGINT  NOT NULL
);
CREATE INDEX staff_sessions_by_staff ON staff_sessions (staff);

-- Keyed hashes of recovery codes that were not used yet.
CREATE TABLE staff_recovery (
    hash  BYTEA NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    staff BYTEA NOT NULL REFERENCES staff (id)
);
CREATE INDEX staff_recovery_by_staff ON staff_recovery (staff);

-- Held mail is a list of its own.
CREATE INDEX deliveries_held ON deliveries (mail) WHERE state = 'held';
