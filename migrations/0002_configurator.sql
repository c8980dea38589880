-- Price lists, the audit log, annotations; every snapshot priced; what changed between snapshots.

CREATE TYPE price_list_state AS ENUM ('draft', 'closed', 'published', 'withdrawn');
CREATE TYPE price_check AS ENUM ('unclaimed', 'match', 'outdated', 'mismatch');

-- A whole catalogue with its prices. Which one is in force follows from effective_from: the latest
-- that is published and has begun; of several with one beginning, the greatest version. A draft is
-- closed when a published list was made of it; a published list may be withdrawn before it begins.
CREATE TABLE price_lists (
    version integer PRIMARY KEY CHECK (version > 0),
    state price_list_state NOT NULL,
    effective_from timestamptz,
    base_version integer REFERENCES price_lists (version),
    document jsonb NOT NULL,
    note text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    published_at timestamptz,
    published_by text,
    CHECK ((state IN ('draft', 'closed')) = (effective_from IS NULL)),
    CHECK ((state IN ('draft', 'closed')) = (published_at IS NULL)),
    CHECK ((state IN ('draft', 'closed')) = (published_by IS NULL))
);
CREATE INDEX price_lists_published ON price_lists (effective_from, version) WHERE state = 'published';

CREATE FUNCTION keep_price_list() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND to_jsonb(NEW) - 'state' = to_jsonb(OLD) - 'state'
        AND ((OLD.state, NEW.state) = ('draft', 'closed')
            OR (OLD.state, NEW.state) = ('published', 'withdrawn') AND OLD.effective_from > now())
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a price list cannot be changed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_price_list BEFORE UPDATE OR DELETE ON price_lists
    FOR EACH ROW EXECUTE FUNCTION keep_price_list();

-- Who did what. Each row's hash covers the row and the hash before it.
CREATE TABLE audit_log (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail text NOT NULL CHECK (detail::json IS NOT NULL),
    previous_hash bytea NOT NULL CHECK (length(previous_hash) = 32),
    hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER price_lists_are_kept BEFORE TRUNCATE ON price_lists
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What happened to the business at a moment; drawn into charts.
CREATE TABLE annotations (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    created_by text NOT NULL
);
CREATE INDEX annotations_at ON annotations (at);

-- total_price_cents is the price by the price list from here on, absent where price_list_version is or
-- no size is chosen, and without what is on_request; what the browser claims is claimed_price_cents.
ALTER TABLE configuration_snapshots
    ADD COLUMN claimed_price_cents bigint,
    ADD COLUMN price_list_version integer,
    ADD COLUMN price_check price_check,
    ADD COLUMN on_request text[],
    ADD COLUMN selections jsonb,
    ADD COLUMN configuration_hash text,
    ADD COLUMN completion_incl_defaults double precision,
    ALTER COLUMN completion DROP NOT NULL;
UPDATE configuration_snapshots SET claimed_price_cents = total_price_cents, total_price_cents = NULL;
CREATE INDEX configuration_snapshots_mismatch ON configuration_snapshots (occurred_at)
    WHERE price_check = 'mismatch';

ALTER TABLE user_sessions
    ADD COLUMN claimed_price_cents bigint,
    ADD COLUMN price_list_version integer,
    ADD COLUMN price_check price_check,
    ADD COLUMN on_request text[],
    ADD COLUMN configured_at timestamptz,
    ADD COLUMN selections jsonb,
    ADD COLUMN configuration_hash text,
    ADD COLUMN completion_incl_defaults double precision,
    ADD COLUMN completion_max double precision;
UPDATE user_sessions SET claimed_price_cents = total_price_cents, total_price_cents = NULL;

-- What changed from one snapshot of a session to the next, by the order of events. A projection of
-- configuration_snapshots: any moment of a session is rebuilt by applying the changes up to it.
CREATE TABLE configuration_changes (
    session_key uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    seq bigint NOT NULL,
    event_id uuid NOT NULL,
    event_time timestamptz NOT NULL,
    changes jsonb NOT NULL DEFAULT '[]',
    price_change_cents bigint,
    PRIMARY KEY (session_key, occurred_at, seq, event_id)
);

-- What houses the visitors of a period configured, one vote a session: the configuration that the session
-- ended with (final), the same of sessions that completed (ordered), or each that it ever had (ever).
CREATE FUNCTION configuration_votes(since timestamptz, until timestamptz, basis text)
RETURNS TABLE (
    session_key uuid, started_at timestamptz, configuration_hash text, selections jsonb,
    total_price_cents bigint, on_request text[], price_list_version integer,
    status session_status, converted boolean, source text)
LANGUAGE sql STABLE AS $$
    SELECT s.session_key, s.started_at, s.configuration_hash, s.selections, s.total_price_cents,
        s.on_request, s.price_list_version, s.status, s.first_cart_at IS NOT NULL OR s.completed_at IS NOT NULL,
        substring(s.referrer FROM '[?&]utm_source=([^&#]+)')
    FROM user_sessions AS s
    WHERE basis <> 'ever' AND s.total_price_cents IS NOT NULL
        AND s.started_at >= since AND s.started_at < until AND s.analytics_consent IS NOT FALSE
        AND (basis <> 'ordered' OR s.completed_at IS NOT NULL OR s.converted_at IS NOT NULL)
    UNION ALL
    (SELECT DISTINCT ON (s.session_key, c.configuration_hash)
        s.session_key, s.started_at, c.configuration_hash, c.selections, c.total_price_cents,
        c.on_request, c.price_list_version, s.status, s.first_cart_at IS NOT NULL OR s.completed_at IS NOT NULL,
        substring(s.referrer FROM '[?&]utm_source=([^&#]+)')
    FROM user_sessions AS s JOIN configuration_snapshots AS c ON c.session_key = s.session_key
    WHERE basis = 'ever' AND c.total_price_cents IS NOT NULL
        AND s.started_at >= since AND s.started_at < until AND s.analytics_consent IS NOT FALSE
    ORDER BY s.session_key, c.configuration_hash, c.occurred_at DESC, c.event_id)
$$;

-- What a session was shown and what it chose, without reading all that it did.
CREATE INDEX interaction_events_options_shown ON interaction_events (session_key)
    WHERE event_type = 'options_shown';
CREATE INDEX interaction_events_selection ON interaction_events (session_key)
    INCLUDE (category, selection_value) WHERE event_type = 'selection';

-- Reports on popular configurations, made by a job.
CREATE TABLE popular_configurations (
    time_range text NOT NULL,
    basis text NOT NULL,
    refreshed_at timestamptz NOT NULL,
    report jsonb NOT NULL,
    PRIMARY KEY (time_range, basis)
);
