-- How cases end, and what stands on their files.
ALTER TABLE cases ADD COLUMN closed INTEGER;
ALTER TABLE cases ADD COLUMN close_reason TEXT;
ALTER TABLE cases ADD COLUMN outcome TEXT;
ALTER TABLE cases ADD COLUMN destroyed INTEGER;
CREATE INDEX cases_by_state ON cases (state, closed);

-- When somebody looked at it first, when it was decided about, and when its
-- content was destroyed.
ALTER TABLE messages ADD COLUMN first_opened INTEGER;
ALTER TABLE messages ADD COLUMN decided INTEGER;
ALTER TABLE messages ADD COLUMN destroyed INTEGER;
UPDATE messages SET destroyed = (SELECT at FROM tombstones WHERE tombstones.id = messages.id) WHERE state = 'rejected';
CREATE INDEX messages_to_review ON messages (number)
    WHERE state IN ('held', 'read', 'unreadable') AND destroyed IS NULL;

-- The case that a message was filed with: it is kept and destroyed with it.
CREATE TABLE filed (
    message BLOB NOT NULL PRIMARY KEY REFERENCES messages (id),
    case_id BLOB NOT NULL REFERENCES cases (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX filed_by_case ON filed (case_id);

-- Facts for the report are sealed under a key of their own: from here on they outlive the message.
CREATE INDEX messages_by_time ON messages (received);

-- When somebody was given the privacy notice, and when they left.
ALTER TABLE accounts ADD COLUMN privacy_notice INTEGER;
ALTER TABLE accounts ADD COLUMN left_on INTEGER;

-- Liaison mail whose content was destroyed at the end of its term.
ALTER TABLE outbound ADD COLUMN destroyed INTEGER;

-- Our reference, of a destroyed case.
ALTER TABLE tombstones ADD COLUMN reference TEXT;

-- What was done in a case, in order; what it says is a sealed part of the file, or of the case where file is NULL.
CREATE TABLE case_entries (
    number  INTEGER PRIMARY KEY,
    id      BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    case_id BLOB    NOT NULL REFERENCES cases (id),
    file    BLOB    REFERENCES case_files (id),
    kind    TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX case_entries_by_case ON case_entries (case_id, number);

-- Keyed hashes of people and numbers on a file.
CREATE TABLE case_index (
    kind TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    file BLOB NOT NULL REFERENCES case_files (id),
    PRIMARY KEY (kind, hash, file)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_index_by_file ON case_index (file);

-- Equality monitoring: counts, never beside a name.
CREATE TABLE monitoring (
    year     INTEGER NOT NULL,
    category TEXT    NOT NULL,
    answer   TEXT    NOT NULL,
    people   INTEGER NOT NULL,
    PRIMARY KEY (year, category, answer)
) STRICT, WITHOUT ROWID;
