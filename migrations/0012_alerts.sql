-- Alerts, and messages to administrators.

-- Messages on their way: made in the transaction of what they tell of, sent by a job. The recipient of a mail is a user's
-- id, that of a webhook its name.
CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('alert', 'alert_resolved', 'weekly_report', 'monthly_report', 'test')),
    channel text NOT NULL CHECK (channel IN ('mail', 'webhook')),
    recipient text NOT NULL CHECK (length(recipient) BETWEEN 1 AND 100),
    dedupe_key text NOT NULL CHECK (length(dedupe_key) BETWEEN 1 AND 200),
    language text NOT NULL CHECK (language IN ('de', 'en')),
    payload jsonb NOT NULL,
    -- Withdrawn is what was for an account that nobody may use any more.
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed', 'withdrawn')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    -- Until when the one who took it has it.
    leased_until timestamptz,
    last_error text,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    failed_at timestamptz,
    UNIQUE (dedupe_key, channel, recipient)
);
CREATE INDEX notifications_due ON notifications (next_attempt_at) WHERE state = 'queued';
CREATE INDEX notifications_failed ON notifications (failed_at) WHERE state = 'failed';
CREATE INDEX notifications_latest ON notifications (created_at DESC, id DESC);

-- What users chose to get; where there is no row, what their role gets.
CREATE TABLE notification_subscriptions (
    user_id uuid NOT NULL REFERENCES admin_users (id),
    kind text NOT NULL CHECK (kind IN ('alert', 'alert_resolved', 'weekly_report', 'monthly_report')),
    language text NOT NULL CHECK (language IN ('de', 'en')),
    enabled boolean NOT NULL,
    PRIMARY KEY (user_id, kind)
);

-- What was changed of the rules of alerts; null is as the rule is by itself.
CREATE TABLE alert_rules (
    rule text PRIMARY KEY CHECK (length(rule) BETWEEN 1 AND 100),
    enabled boolean,
    threshold double precision CHECK (threshold >= 0),
    count_min bigint CHECK (count_min >= 0),
    cool_down_minutes integer CHECK (cool_down_minutes >= 0),
    severity text CHECK (severity IN ('warning', 'critical')),
    owner text CHECK (length(owner) BETWEEN 1 AND 200),
    muted_until timestamptz,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL
);

-- Incidents, one row each, of a rule and what it is about.
CREATE TABLE alerts (
    id uuid PRIMARY KEY,
    rule text NOT NULL CHECK (length(rule) BETWEEN 1 AND 100),
    subject text NOT NULL CHECK (length(subject) <= 200),
    severity text NOT NULL CHECK (severity IN ('warning', 'critical')),
    state text NOT NULL CHECK (state IN ('firing', 'acknowledged', 'resolved')),
    started_at timestamptz NOT NULL,
    resolved_at timestamptz,
    -- The latest value, that of the first threshold passed, and the worst value.
    value double precision NOT NULL,
    threshold double precision NOT NULL,
    count bigint NOT NULL,
    peak double precision NOT NULL,
    detail jsonb NOT NULL,
    -- Evaluations in a row with a good value.
    calm integer NOT NULL,
    measured_at timestamptz NOT NULL,
    reopened integer NOT NULL DEFAULT 0,
    -- When its message was made.
    notified_at timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text,
    note text CHECK (length(note) <= 1000),
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL))
);
CREATE UNIQUE INDEX alerts_open ON alerts (rule, subject) WHERE state <> 'resolved';
CREATE INDEX alerts_resolved ON alerts (resolved_at) WHERE state = 'resolved';
CREATE INDEX alerts_latest ON alerts (started_at DESC, id DESC);

-- Events that could not be stored, among many that were refused.
CREATE INDEX dead_letters_dead ON dead_letters (created_at) WHERE stage = 'dead' AND replayed_at IS NULL;
