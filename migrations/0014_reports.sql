-- Reports that are kept once their period is over; and what the ledger needs once events go by age.

CREATE TABLE stored_reports (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
    period_from timestamptz NOT NULL,
    period_to timestamptz NOT NULL CHECK (period_to > period_from),
    time_zone text NOT NULL,
    made_at timestamptz NOT NULL,
    report jsonb NOT NULL,
    UNIQUE (kind, period_from, period_to)
);
CREATE INDEX stored_reports_period_to ON stored_reports (period_to, id);

-- From when on single records of a class are kept: events, sessions and visits (raw), and where clicks were
-- (points). What is counted of days before is never counted anew.
CREATE TABLE retention_floors (
    class text PRIMARY KEY CHECK (class IN ('raw', 'points')),
    kept_since timestamptz NOT NULL
);
INSERT INTO retention_floors VALUES ('raw', '2000-01-01 00:00+00'), ('points', '2000-01-01 00:00+00');

CREATE FUNCTION kept_since(asked text) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT kept_since FROM retention_floors WHERE class = asked
$$;

-- Of what a session's ledger counts, what went by age. The counts themselves stay as they are.
ALTER TABLE ledger
    ADD COLUMN removed bigint NOT NULL DEFAULT 0,
    ADD COLUMN removed_rejected bigint NOT NULL DEFAULT 0,
    ADD COLUMN removed_dead bigint NOT NULL DEFAULT 0;

-- The sums of the sequences of sessions that are gone. Tabs whose numbers were counted more than once stand
-- apart, so that they make no tab's loss good.
CREATE TABLE removed_sequences (
    overcounted boolean PRIMARY KEY,
    emitted bigint NOT NULL,
    stored bigint NOT NULL,
    rejected bigint NOT NULL,
    dead bigint NOT NULL,
    erased bigint NOT NULL,
    dropped bigint NOT NULL
);

-- Events that reached the database without the queue, of entries that are no longer named in direct_entries.
CREATE TABLE removed_direct_entries (
    queue text PRIMARY KEY,
    received bigint NOT NULL
);

-- Tables of events that were taken out of their partitioned table, and up to which session their rows are
-- counted in the ledger.
CREATE TABLE removed_partitions (
    name text PRIMARY KEY,
    counted_to uuid NOT NULL
);

CREATE INDEX dead_letters_created_at ON dead_letters (created_at);
CREATE INDEX direct_entries_stored_at ON direct_entries (stored_at);
CREATE INDEX configuration_changes_occurred_at ON configuration_changes USING brin (occurred_at);
