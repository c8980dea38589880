-- Until recordings come by a migration of their own: delete this statement when merging.
CREATE TABLE recordings (
    slot timestamptz NOT NULL,
    metric text NOT NULL,
    endpoint text NOT NULL,
    status_class smallint NOT NULL,
    indexes integer[] NOT NULL,
    counts bigint[] NOT NULL,
    sum_ms double precision NOT NULL,
    PRIMARY KEY (slot, metric, endpoint, status_class)
);
-- End of what is to be deleted.

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
