-- Kinds of tracking that were switched off, or on again. Redis tells every process; this is the truth.
CREATE TABLE feature_flags (
    name text PRIMARY KEY,
    enabled boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL
);
