-- Filmdesk's tables. The same names and meanings as migrations/postgres; only the types differ.
-- …_at   TEXT, an instant of the desk's clock, `YYYY-MM-DDTHH:MM:SS.ffffffZ`: fixed width, so text order is time order.
-- …_ms   INTEGER, milliseconds since 1970 by the database's clock: leases only, so that workers' clocks do not matter.

CREATE VIEW db_clock AS
    SELECT CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) AS now_ms; -- the database's time

CREATE TABLE secret (
    name  TEXT NOT NULL PRIMARY KEY, -- what it is for: `status-code`
    value TEXT NOT NULL              -- 32 random bytes, hexadecimal
) STRICT;

CREATE TABLE counter (
    name  TEXT NOT NULL PRIMARY KEY, -- `receipt`
    value INTEGER NOT NULL           -- the last number given; rolled back with its transaction, so there are no gaps
) STRICT;
INSERT INTO counter (name, value) VALUES ('receipt', 0);

CREATE TABLE application (
    id             INTEGER NOT NULL PRIMARY KEY, -- random, positive
    number         TEXT NOT NULL UNIQUE,         -- printed number without its dash
    version        INTEGER NOT NULL,             -- one more at each commit
    state          TEXT NOT NULL,                -- name of the state
    stage          TEXT NOT NULL,                -- where it stands for staff; derived from the document
    document       TEXT NOT NULL,                -- form, language and state, as JSON
    token_hash     TEXT NOT NULL UNIQUE,         -- SHA-256 of the applicant's token, hexadecimal
    opened_at      TEXT NOT NULL,                -- when it was opened
    changed_at     TEXT NOT NULL,                -- when it last changed
    stage_at       TEXT NOT NULL,                -- when it came to this stage
    promised       TEXT,                         -- until when all should be ready, hospital time; once priced
    quote_expires  TEXT,                         -- last moment the quote may be paid, hospital time; while weighed
    parcel_due_at  TEXT                          -- earliest end of a parcel's waiting period; while one waits
) STRICT;
CREATE INDEX application_stage ON application (stage, promised, opened_at);

CREATE TABLE job (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- counted
    application_id INTEGER NOT NULL REFERENCES application (id), -- for which application
    lane           TEXT NOT NULL,    -- `quick` or `making`
    kind           TEXT NOT NULL,    -- `find`, `preview`, `weigh`, `make`, `wipe`
    argument       TEXT NOT NULL,    -- of a preview: the Study Instance UID; of a make: the parcel; else empty
    priority       INTEGER NOT NULL, -- smaller is taken first within a lane
    worker         TEXT NOT NULL,    -- only this worker may take it; empty: any
    state          TEXT NOT NULL,    -- `queued`, `running`, `done`, `cancelled`
    attempts       INTEGER NOT NULL, -- how often it was taken up
    max_attempts   INTEGER NOT NULL, -- taken up more often than this, it is handed out as used up
    owner          TEXT NOT NULL,    -- the worker that runs it or ran it last
    fence          INTEGER NOT NULL, -- one more each time it is taken up; a holder of an older one is refused
    run_at_ms      INTEGER NOT NULL, -- not before
    lease_until_ms INTEGER NOT NULL, -- after this another worker may take it up
    stage          TEXT NOT NULL,    -- progress: what is being done
    done           INTEGER NOT NULL, -- progress: so much
    total          INTEGER NOT NULL, -- progress: of so much; 0: not known
    unit           TEXT NOT NULL,    -- progress: of what (`bytes`, `instances`)
    note           TEXT NOT NULL,    -- progress: a remark for the counter; or why the last attempt stopped
    queued_at      TEXT NOT NULL     -- when it was asked for
) STRICT;
CREATE INDEX job_lane ON job (lane, state, priority, run_at_ms);
CREATE INDEX job_application ON job (application_id);
CREATE UNIQUE INDEX job_once ON job (application_id, kind, argument) WHERE state IN ('queued', 'running');

CREATE TABLE audit (
    seq             INTEGER NOT NULL PRIMARY KEY, -- counted without gaps
    at              TEXT NOT NULL,    -- the desk's clock
    recorded_ms     INTEGER NOT NULL, -- the database's clock
    actor           TEXT NOT NULL,    -- `applicant`, `staff:…`, `worker:…`, `desk`
    action          TEXT NOT NULL,    -- the verb
    application_id  INTEGER,          -- of which application, if of one
    detail          TEXT NOT NULL,    -- what else, never a person's data
    document_sha256 TEXT NOT NULL,    -- SHA-256 of the application's document after it, hexadecimal; empty without one
    hash            TEXT NOT NULL     -- SHA-256 over the row before it and this row, hexadecimal
) STRICT;
CREATE INDEX audit_application ON audit (application_id, seq);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;

CREATE TABLE audit_head (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), -- one row: every writer takes it first, so writers follow each other
    seq  INTEGER NOT NULL, -- of the last row
    hash TEXT NOT NULL     -- of the last row
) STRICT;
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

CREATE TABLE staff (
    login         TEXT NOT NULL PRIMARY KEY, -- lower case
    display       TEXT NOT NULL,    -- name on the pages
    role          TEXT NOT NULL,    -- `clerk` or `supervisor`
    password_hash TEXT NOT NULL,    -- Argon2id, PHC string
    disabled      INTEGER NOT NULL, -- 1: may not sign in
    changed_at    TEXT NOT NULL     -- when password, role or disabled last changed
) STRICT;

CREATE TABLE session (
    token_hash TEXT NOT NULL PRIMARY KEY, -- SHA-256 of the cookie, hexadecimal
    login      TEXT NOT NULL REFERENCES staff (login), -- whose
    created_at TEXT NOT NULL,             -- signed in
    seen_at    TEXT NOT NULL              -- last used
) STRICT;
CREATE INDEX session_login ON session (login);

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY, -- which
    value TEXT NOT NULL              -- its value
) STRICT;

CREATE TABLE rule_overlay (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- counted
    kind         TEXT NOT NULL, -- `closed`, `open` or `classified`
    day          TEXT NOT NULL, -- the day closed or opened, `YYYY-MM-DD`; empty for a classification
    reason       TEXT NOT NULL, -- why closed; empty otherwise
    facts        TEXT NOT NULL, -- what the archive says of the study, as JSON; empty otherwise
    record_kind  TEXT NOT NULL, -- what it is classified as; empty otherwise
    staff        TEXT NOT NULL, -- who
    at           TEXT NOT NULL, -- when
    withdrawn_by TEXT NOT NULL, -- who took it back or replaced it; empty while it holds
    withdrawn_at TEXT           -- when it was taken back or replaced
) STRICT;
