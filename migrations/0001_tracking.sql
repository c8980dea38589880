-- Events as they were accepted, session facts and sessions projected from them, dead letters, ledger.

CREATE TYPE session_status AS ENUM ('ACTIVE', 'ABANDONED', 'IN_CART', 'COMPLETED', 'CONVERTED');
CREATE TYPE id_source AS ENUM ('client', 'server');
CREATE TYPE snapshot_trigger AS ENUM
    ('sync', 'auto_save', 'page_exit', 'order_attempt', 'cart_add', 'finalize');
CREATE TYPE session_fact AS ENUM
    ('started', 'exited', 'cart_add', 'ohne_nest_mode', 'converted', 'consent', 'user_data');
CREATE TYPE dead_letter_stage AS ENUM ('rejected', 'dead');
CREATE TYPE job_outcome AS ENUM ('running', 'succeeded', 'failed');

-- event_time is the millisecond inside the event's UUIDv7: a repetition lands on the same key and in
-- the same partition whatever any clock says. No foreign keys to sessions: events may come first.
CREATE TABLE interaction_events (
    session_key uuid NOT NULL,
    event_time timestamptz NOT NULL,
    event_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    entry_id uuid NOT NULL,
    seq bigint,
    time_spent_ms bigint,
    total_price_cents bigint,
    price_change_cents bigint,
    viewport_width integer,
    viewport_height integer,
    id_source id_source NOT NULL,
    late boolean NOT NULL,
    interactive boolean NOT NULL,
    tab_id text,
    event_type text NOT NULL CHECK (length(event_type) BETWEEN 1 AND 100),
    category text NOT NULL CHECK (length(category) BETWEEN 1 AND 200),
    element_id text,
    selection_value text,
    previous_value text,
    device_type text,
    additional_data jsonb,
    PRIMARY KEY (session_key, event_time, event_id)
) PARTITION BY RANGE (event_time);
CREATE INDEX interaction_events_occurred_at ON interaction_events USING brin (occurred_at, stored_at);
CREATE TABLE interaction_events_default PARTITION OF interaction_events DEFAULT;

CREATE TABLE configuration_snapshots (
    session_key uuid NOT NULL,
    event_time timestamptz NOT NULL,
    event_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    entry_id uuid NOT NULL,
    seq bigint,
    total_price_cents bigint,
    completion double precision NOT NULL CHECK (completion BETWEEN 0 AND 1),
    trigger snapshot_trigger NOT NULL,
    id_source id_source NOT NULL,
    late boolean NOT NULL,
    ohne_nest_mode boolean,
    exits boolean NOT NULL,
    completes boolean NOT NULL,
    tab_id text,
    configuration jsonb NOT NULL,
    PRIMARY KEY (session_key, event_time, event_id)
) PARTITION BY RANGE (event_time);
CREATE INDEX configuration_snapshots_occurred_at
    ON configuration_snapshots USING brin (occurred_at, stored_at);
CREATE TABLE configuration_snapshots_default PARTITION OF configuration_snapshots DEFAULT;

CREATE TABLE session_events (
    session_key uuid NOT NULL,
    event_time timestamptz NOT NULL,
    event_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    entry_id uuid NOT NULL,
    seq bigint,
    fact session_fact NOT NULL,
    id_source id_source NOT NULL,
    late boolean NOT NULL,
    tab_id text,
    value jsonb,
    PRIMARY KEY (session_key, event_time, event_id)
) PARTITION BY RANGE (event_time);
CREATE INDEX session_events_occurred_at ON session_events USING brin (occurred_at, stored_at);
CREATE TABLE session_events_default PARTITION OF session_events DEFAULT;

CREATE TABLE performance_metrics (
    event_time timestamptz NOT NULL,
    event_id uuid NOT NULL,
    session_key uuid,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    entry_id uuid NOT NULL,
    seq bigint,
    value double precision NOT NULL,
    id_source id_source NOT NULL,
    late boolean NOT NULL,
    tab_id text,
    metric_name text NOT NULL CHECK (length(metric_name) BETWEEN 1 AND 100),
    endpoint text,
    user_agent text,
    additional_data jsonb,
    PRIMARY KEY (event_time, event_id)
) PARTITION BY RANGE (event_time);
CREATE INDEX performance_metrics_occurred_at
    ON performance_metrics USING brin (occurred_at, stored_at);
CREATE INDEX performance_metrics_session ON performance_metrics (session_key)
    WHERE session_key IS NOT NULL;
CREATE TABLE performance_metrics_default PARTITION OF performance_metrics DEFAULT;

-- The registers of a session (see SessionFacts): merged under a row lock, in key order.
CREATE TABLE session_facts (
    session_key uuid PRIMARY KEY,
    facts jsonb NOT NULL DEFAULT '{}'
);

-- One row a session id: what reports filter on, projected from session_facts.
CREATE TABLE user_sessions (
    session_key uuid PRIMARY KEY,
    session_id text NOT NULL,
    status session_status NOT NULL,
    started_at timestamptz NOT NULL,
    last_activity_at timestamptz,
    last_exit_at timestamptz,
    first_selection_at timestamptz,
    first_snapshot_at timestamptz,
    first_cart_at timestamptz,
    completed_at timestamptz,
    converted_at timestamptz,
    total_price_cents bigint,
    completion double precision,
    interaction_count bigint NOT NULL DEFAULT 0,
    snapshot_count bigint NOT NULL DEFAULT 0,
    metric_count bigint NOT NULL DEFAULT 0,
    ohne_nest_mode boolean,
    analytics_consent boolean,
    marketing_consent boolean,
    functional_consent boolean,
    device_type text,
    country text,
    city text,
    user_agent text,
    referrer text,
    visitor_id text
);
CREATE INDEX user_sessions_started_at ON user_sessions (started_at);
CREATE INDEX user_sessions_last_activity_at ON user_sessions (last_activity_at);

-- Events that were refused (rejected) or that the database could not take (dead).
CREATE TABLE dead_letters (
    id uuid PRIMARY KEY,
    stage dead_letter_stage NOT NULL,
    queue text NOT NULL,
    entry_id uuid NOT NULL,
    event_index integer NOT NULL,
    events integer NOT NULL DEFAULT 1,
    event_id text,
    session_key uuid NOT NULL,
    session_id text,
    tab_id text,
    seq bigint,
    code text NOT NULL,
    field text NOT NULL,
    detail text NOT NULL,
    payload text NOT NULL,
    received_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    replayed_at timestamptz,
    UNIQUE (entry_id, event_index, stage)
);
CREATE INDEX dead_letters_open ON dead_letters (created_at) WHERE replayed_at IS NULL;
CREATE INDEX dead_letters_session ON dead_letters (session_key, tab_id, seq);

-- What became of each transmission, by session; the nil key holds events without a session.
CREATE TABLE ledger (
    session_key uuid PRIMARY KEY,
    received bigint NOT NULL DEFAULT 0,
    stored bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    duplicate bigint NOT NULL DEFAULT 0,
    dead bigint NOT NULL DEFAULT 0,
    unnumbered bigint NOT NULL DEFAULT 0
);

-- What became of the events that a tab numbered.
CREATE TABLE sequences (
    session_key uuid NOT NULL,
    tab_id text NOT NULL,
    emitted bigint NOT NULL,
    stored bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    dead bigint NOT NULL DEFAULT 0,
    erased bigint NOT NULL DEFAULT 0,
    dropped_local jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (session_key, tab_id)
);

-- How far each stream is committed. Written in the transaction that stores the entries, so that an
-- entry read twice is stored and counted once.
CREATE TABLE drain_positions (
    queue text PRIMARY KEY,
    last_stream_id text,
    last_entry_id uuid,
    received bigint NOT NULL DEFAULT 0,
    drained_at timestamptz
);
INSERT INTO drain_positions (queue) VALUES ('interactions'), ('configurations'), ('metrics');

-- Requests stored without the queue, in case the queue took them all the same.
CREATE TABLE direct_entries (
    entry_id uuid PRIMARY KEY,
    queue text NOT NULL,
    received bigint NOT NULL,
    in_queue boolean NOT NULL DEFAULT false,
    stored_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE job_runs (
    id uuid PRIMARY KEY,
    job text NOT NULL,
    scheduled_minute timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    outcome job_outcome NOT NULL,
    report jsonb
);
CREATE INDEX job_runs_job ON job_runs (job, started_at DESC);
