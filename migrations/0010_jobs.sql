-- Runs of jobs say what started them, hold the job's lease while they run, and say why they failed.

CREATE TYPE job_trigger AS ENUM ('cron', 'overdue', 'administrator', 'command');

-- A release that does not know these columns records runs when they are over, without a lease.
ALTER TABLE job_runs
    ADD COLUMN trigger job_trigger NOT NULL DEFAULT 'cron',
    ADD COLUMN started_by text,
    ADD COLUMN leased_until timestamptz,
    ADD COLUMN error text;

-- One run of a job at a time.
CREATE UNIQUE INDEX job_runs_running ON job_runs (job) WHERE outcome = 'running';
CREATE INDEX job_runs_succeeded ON job_runs (job, started_at DESC) WHERE outcome = 'succeeded';
CREATE INDEX job_runs_started_at ON job_runs (started_at);
