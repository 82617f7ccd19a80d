-- How cases end, and what stands on their files.
ALTER TABLE cases ADD COLUMN closed BIGINT;
ALTER TABLE cases ADD COLUMN close_reason TEXT;
ALTER TABLE cases ADD COLUMN outcome TEXT;
ALTER TABLE cases ADD COLUMN destroyed BIGINT;
CREATE INDEX cases_by_state ON cases (state, closed);

-- When somebody looked at it first, when it was decided about, and when its
-- content was destroyed.
ALTER TABLE messages ADD COLUMN first_opened BIGINT;
ALTER TABLE messages ADD COLUMN decided BIGINT;
ALTER TABLE messages ADD COLUMN destroyed BIGINT;
UPDATE messages SET destroyed = (SELECT at FROM tombstones WHERE tombstones.id = messages.id) WHERE state = 'rejected';
CREATE INDEX messages_to_review ON messages (number)
    WHERE state IN ('held', 'read', 'unreadable') AND destroyed IS NULL;

-- The case that a message was filed with: it is kept and destroyed with it.
CREATE TABLE filed (
    message BYTEA NOT NULL PRIMARY KEY REFERENCES messages (id),
    case_id BYTEA NOT NULL REFERENCES cases (id)
);
CREATE INDEX filed_by_case ON filed (case_id);

-- Facts for the report are sealed under a key of their own: from here on they outlive the message.
CREATE INDEX messages_by_time ON messages (received);

-- When somebody was given the privacy notice, and when they left.
ALTER TABLE accounts ADD COLUMN privacy_notice BIGINT;
ALTER TABLE accounts ADD COLUMN left_on BIGINT;

-- Liaison mail whose content was destroyed at the end of its term.
ALTER TABLE outbound ADD COLUMN destroyed BIGINT;

-- Our reference, of a destroyed case.
ALTER TABLE tombstones ADD COLUMN reference TEXT;

-- What was done in a case, in order; what it says is a sealed part of the file, or of the case where file is NULL.
CREATE TABLE case_entries (
    number  BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id      BYTEA    NOT NULL UNIQUE CHECK (length(id) = 16),
    case_id BYTEA    NOT NULL REFERENCES cases (id),
    file    BYTEA    REFERENCES case_files (id),
    kind    TEXT    NOT NULL,
    at      BIGINT NOT NULL
);
CREATE INDEX case_entries_by_case ON case_entries (case_id, number);

-- Keyed hashes of people and numbers on a file.
CREATE TABLE case_index (
    kind TEXT NOT NULL,
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    file BYTEA NOT NULL REFERENCES case_files (id),
    PRIMARY KEY (kind, hash, file)
);
CREATE INDEX case_index_by_file ON case_index (file);

-- Equality monitoring: counts, never beside a name.
CREATE TABLE monitoring (
    year     BIGINT NOT NULL,
    category TEXT    NOT NULL,
    answer   TEXT    NOT NULL,
    people   BIGINT NOT NULL,
    PRIMARY KEY (year, category, answer)
);
