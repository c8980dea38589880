-- Visits: runs of activity within a session id, projected from events; roll-ups of them; payments.

-- How many events a tab dropped itself, for whatever reasons.
CREATE FUNCTION dropped_events(by_reason jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(sum(value::bigint), 0)::bigint FROM jsonb_each_text(by_reason)
$$;

-- Who a visit counts for. Each visit has one: a robot before the maker's own people before a refusal.
CREATE TYPE population AS ENUM ('eligible', 'bot', 'internal', 'no_consent');

-- Money that came in or went back, as the payment provider reports it. What the browser says is no payment.
CREATE TYPE payment_kind AS ENUM ('captured', 'refunded');
CREATE TABLE payments (
    payment_id text NOT NULL CHECK (length(payment_id) BETWEEN 1 AND 200),
    kind payment_kind NOT NULL,
    order_id text NOT NULL CHECK (length(order_id) BETWEEN 1 AND 200),
    session_key uuid,
    paid_at timestamptz NOT NULL,
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    eur_cents bigint NOT NULL CHECK (eur_cents >= 0),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    PRIMARY KEY (payment_id, kind)
);
CREATE INDEX payments_paid_at ON payments (paid_at);
CREATE INDEX payments_session ON payments (session_key) WHERE session_key IS NOT NULL;

-- Traffic of the maker's own people, by what is known of a session.
CREATE TABLE internal_rules (
    id uuid PRIMARY KEY,
    field text NOT NULL CHECK (field IN ('session_id', 'visitor_id', 'user_agent', 'referrer', 'city')),
    contains text NOT NULL CHECK (length(contains) BETWEEN 3 AND 200),
    note text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    created_by text NOT NULL
);

-- Everything that happened in sessions, under one set of names. A client cannot call an interaction what only
-- the system may call an event.
CREATE VIEW session_timeline AS
    SELECT session_key, event_time, event_id, occurred_at, coalesce(seq, 0) AS seq, tab_id, received_at, late,
        'interaction' AS kind, interactive AND event_type NOT LIKE '%\_exit' AS activity,
        CASE WHEN event_type IN ('snapshot', 'completion', 'started', 'exited', 'cart_add', 'ohne_nest_mode',
                'converted', 'consent', 'user_data', 'payment')
            THEN 'client:' || event_type ELSE event_type END AS name,
        category, element_id, selection_value AS value, previous_value,
        time_spent_ms, total_price_cents AS price_cents, device_type, viewport_width, additional_data
    FROM interaction_events
    UNION ALL
    SELECT session_key, event_time, event_id, occurred_at, coalesce(seq, 0), tab_id, received_at, late,
        'snapshot', NOT exits AND trigger <> 'auto_save',
        CASE WHEN completes THEN 'completion' WHEN trigger = 'cart_add' THEN 'cart_add' ELSE 'snapshot' END,
        trigger::text, NULL, configuration_hash, NULL, NULL, total_price_cents, NULL, NULL, NULL
    FROM configuration_snapshots
    UNION ALL
    SELECT session_key, event_time, event_id, occurred_at, coalesce(seq, 0), tab_id, received_at, late,
        'fact', fact <> 'exited', fact::text, 'session', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM session_events;

-- What most reports read stands first, of fixed width: columns behind a text are found one by one.
CREATE TABLE visits (
    session_key uuid NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    duration_ms bigint NOT NULL,
    engaged_ms bigint NOT NULL,
    -- Of the whole session, on its first visit: events that its tabs numbered, and of how many it is known what
    -- became of them.
    emitted bigint NOT NULL,
    captured bigint NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    population population NOT NULL,
    page_views integer NOT NULL,
    interactions integer NOT NULL,
    selections integer NOT NULL,
    snapshots integer NOT NULL,
    -- How far it came in the configurator funnel: 1 visit, 2 configuration, 3 cart, 4 completion, 5 order.
    funnel_level smallint NOT NULL CHECK (funnel_level BETWEEN 1 AND 5),
    bounced boolean NOT NULL,
    configuring boolean NOT NULL,
    device text NOT NULL,
    channel text NOT NULL,
    cart_at timestamptz,
    completed_at timestamptz,
    lead_at timestamptz,
    -- The browser says that it paid; and money came in.
    claimed_at timestamptz,
    ordered_at timestamptz,
    -- The visitor's visit before this one, the first of all, and the last that does not count.
    previous_visit_at timestamptz,
    first_visit_at timestamptz,
    left_out_at timestamptz,
    -- When each step of the funnel was reached, in order; as long as funnel_level.
    step_at timestamptz[] NOT NULL,
    session_id text NOT NULL,
    visitor_id text,
    source text,
    medium text,
    campaign text,
    referrer_host text,
    country text,
    entry_page text,
    exit_page text,
    -- The last thing that the visitor did, and in which category.
    last_event text,
    last_category text,
    -- The first thing that it did after the last step of the funnel that it reached.
    next_event text,
    next_category text,
    bot_reasons text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (session_key, number)
);
CREATE INDEX visits_started_at ON visits (started_at) INCLUDE (session_key, number, ended_at, population);
CREATE INDEX visits_identified ON visits (started_at)
    INCLUDE (population, previous_visit_at, first_visit_at, left_out_at)
    WHERE first_visit_at IS NOT NULL;
CREATE INDEX visits_visitor ON visits (visitor_id, started_at) WHERE visitor_id IS NOT NULL;

-- What a visit went through, one name a node: pages, option categories, cart, completion. Repetitions in a
-- row are one node, and there are 20 at most.
CREATE TABLE visit_paths (
    session_key uuid NOT NULL,
    number integer NOT NULL,
    path text[] NOT NULL,
    PRIMARY KEY (session_key, number)
);

-- Sessions whose visits must be projected anew, hours whose roll-ups must be. A session may be marked more than
-- once: whoever stores its events adds a mark and waits for nobody, and whoever projects it takes off the marks
-- that it can see, the events of which it can then read.
CREATE TABLE stale_visits (session_key uuid NOT NULL);
CREATE INDEX stale_visits_session ON stale_visits (session_key);
CREATE TABLE stale_hours (hour timestamptz PRIMARY KEY);

-- What can be added up of visits. The one definition of each number: roll-ups store sums of it, and reports add
-- sums and single visits.
CREATE VIEW visit_measures AS
    SELECT started_at, population,
        1::bigint AS visits, page_views::bigint, interactions::bigint, selections::bigint, snapshots::bigint,
        bounced::int::bigint AS bounces, duration_ms, engaged_ms,
        (visitor_id IS NOT NULL)::int::bigint AS identified,
        configuring::int::bigint AS configuring,
        (cart_at IS NOT NULL)::int::bigint AS carts,
        (completed_at IS NOT NULL)::int::bigint AS completions,
        (cart_at IS NOT NULL OR completed_at IS NOT NULL)::int::bigint AS micro,
        (configuring AND (cart_at IS NOT NULL OR completed_at IS NOT NULL))::int::bigint AS micro_configuring,
        (lead_at IS NOT NULL)::int::bigint AS leads,
        (configuring AND lead_at IS NOT NULL)::int::bigint AS leads_configuring,
        (ordered_at IS NOT NULL)::int::bigint AS orders,
        (configuring AND ordered_at IS NOT NULL)::int::bigint AS orders_configuring,
        (claimed_at IS NOT NULL)::int::bigint AS claims, emitted, captured,
        (funnel_level >= 2)::int::bigint AS reached_2,
        (funnel_level >= 3)::int::bigint AS reached_3,
        (funnel_level >= 4)::int::bigint AS reached_4,
        (funnel_level >= 5)::int::bigint AS reached_5
    FROM visits;

CREATE TYPE rollup_grain AS ENUM ('hour', 'day');
CREATE TABLE visit_rollups (
    grain rollup_grain NOT NULL,
    bucket timestamptz NOT NULL,
    population population NOT NULL,
    visits bigint NOT NULL,
    page_views bigint NOT NULL,
    interactions bigint NOT NULL,
    selections bigint NOT NULL,
    snapshots bigint NOT NULL,
    bounces bigint NOT NULL,
    duration_ms bigint NOT NULL,
    engaged_ms bigint NOT NULL,
    identified bigint NOT NULL,
    configuring bigint NOT NULL,
    carts bigint NOT NULL,
    completions bigint NOT NULL,
    micro bigint NOT NULL,
    micro_configuring bigint NOT NULL,
    leads bigint NOT NULL,
    leads_configuring bigint NOT NULL,
    orders bigint NOT NULL,
    orders_configuring bigint NOT NULL,
    claims bigint NOT NULL,
    emitted bigint NOT NULL,
    captured bigint NOT NULL,
    reached_2 bigint NOT NULL,
    reached_3 bigint NOT NULL,
    reached_4 bigint NOT NULL,
    reached_5 bigint NOT NULL,
    PRIMARY KEY (grain, bucket, population)
);

-- Times of visits, in milliseconds: how long they took, and the steps of the funnel from the step before and
-- from the first.
CREATE VIEW visit_times AS
    SELECT v.started_at, v.population, t.metric, t.ms
    FROM visits AS v CROSS JOIN LATERAL (
        VALUES ('duration', v.duration_ms), ('engaged', v.engaged_ms),
            ('step_2', (1000 * extract(epoch FROM v.step_at[2] - v.step_at[1]))::bigint),
            ('step_3', (1000 * extract(epoch FROM v.step_at[3] - v.step_at[2]))::bigint),
            ('step_4', (1000 * extract(epoch FROM v.step_at[4] - v.step_at[3]))::bigint),
            ('step_5', (1000 * extract(epoch FROM v.step_at[5] - v.step_at[4]))::bigint),
            ('start_3', (1000 * extract(epoch FROM v.step_at[3] - v.step_at[1]))::bigint),
            ('start_4', (1000 * extract(epoch FROM v.step_at[4] - v.step_at[1]))::bigint),
            ('start_5', (1000 * extract(epoch FROM v.step_at[5] - v.step_at[1]))::bigint)
    ) AS t (metric, ms)
    WHERE t.ms IS NOT NULL;

-- The bucket of a value in OpenTelemetry's base-2 exponential histogram at scale 4: bucket i holds values above
-- 2^(i/16) up to 2^((i+1)/16), so that the middle of a bucket is within 2.2 % of all in it. Zero and below
-- have a bucket of their own, the least number there is. What lies on a bound but for rounding is inside.
CREATE FUNCTION histogram_bucket(value double precision) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value > 0 THEN ceil(ln(value) / ln(2::double precision) * 16 - 1e-9)::integer - 1
        ELSE -2147483648 END
$$;

-- Counts by bucket of the histogram, a row for all buckets of a metric.
CREATE TABLE visit_histograms (
    grain rollup_grain NOT NULL,
    bucket timestamptz NOT NULL,
    metric text NOT NULL,
    population population NOT NULL,
    indexes integer[] NOT NULL,
    counts bigint[] NOT NULL CHECK (cardinality(counts) = cardinality(indexes)),
    PRIMARY KEY (grain, bucket, metric, population)
);

-- The whole days, whole hours and rests that a range is made of, around hours that no roll-up is right for.
CREATE FUNCTION range_parts(since timestamptz, until timestamptz, stale timestamptz[])
RETURNS TABLE (grain rollup_grain, part_from timestamptz, part_to timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH bounds AS (
        SELECT date_bin('1 hour', since + interval '1 hour' - interval '1 microsecond', 'epoch') AS first_hour,
            date_bin('1 hour', until, 'epoch') AS last_hour,
            date_bin('1 day', since + interval '1 day' - interval '1 microsecond', 'epoch') AS first_day,
            date_bin('1 day', until, 'epoch') AS last_day
    ), days AS (
        SELECT day FROM bounds, generate_series(first_day, last_day - interval '1 day', '1 day') AS day
        WHERE day NOT IN (SELECT date_bin('1 day', hour, 'epoch') FROM unnest(stale) AS hour)
    ), hours AS (
        SELECT hour FROM bounds, generate_series(first_hour, last_hour - interval '1 hour', '1 hour') AS hour
        WHERE date_bin('1 day', hour, 'epoch') NOT IN (SELECT day FROM days)
    )
    SELECT 'day'::rollup_grain, day, day + interval '1 day' FROM days
    UNION ALL
    SELECT CASE WHEN hour = ANY (stale) THEN NULL ELSE 'hour'::rollup_grain END, hour, hour + interval '1 hour'
    FROM hours
    UNION ALL
    SELECT NULL, since, least(first_hour, until) FROM bounds WHERE since < least(first_hour, until)
    UNION ALL
    SELECT NULL, greatest(last_hour, since), until FROM bounds WHERE first_hour <= last_hour AND last_hour < until
$$;

-- The parts of a range around hours that visits have changed since.
CREATE FUNCTION rollup_parts(since timestamptz, until timestamptz)
RETURNS TABLE (grain rollup_grain, part_from timestamptz, part_to timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM range_parts(since, until, ARRAY(
        SELECT hour FROM stale_hours WHERE hour >= date_bin('1 day', since, 'epoch') AND hour < until))
$$;

-- The sums of a range, in as many rows as it takes: roll-ups where they hold it, visits where not.
CREATE FUNCTION visit_sums(since timestamptz, until timestamptz) RETURNS SETOF visit_rollups
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH parts AS MATERIALIZED (SELECT * FROM rollup_parts(since, until))
    SELECT rollup.* FROM parts CROSS JOIN LATERAL (
        SELECT * FROM visit_rollups WHERE grain = parts.grain AND bucket = parts.part_from OFFSET 0) AS rollup
    UNION ALL
    SELECT 'hour', parts.part_from, population,
        sum(visits)::bigint, sum(page_views)::bigint, sum(interactions)::bigint, sum(selections)::bigint,
        sum(snapshots)::bigint, sum(bounces)::bigint, sum(duration_ms)::bigint, sum(engaged_ms)::bigint,
        sum(identified)::bigint, sum(configuring)::bigint, sum(carts)::bigint, sum(completions)::bigint,
        sum(micro)::bigint, sum(micro_configuring)::bigint, sum(leads)::bigint, sum(leads_configuring)::bigint,
        sum(orders)::bigint, sum(orders_configuring)::bigint,
        sum(claims)::bigint, sum(emitted)::bigint, sum(captured)::bigint,
        sum(reached_2)::bigint, sum(reached_3)::bigint, sum(reached_4)::bigint, sum(reached_5)::bigint
    FROM parts JOIN visit_measures AS visit
        ON parts.grain IS NULL AND visit.started_at >= parts.part_from AND visit.started_at < parts.part_to
    GROUP BY 2, 3
$$;

-- How many times of a range fall into each bucket of the histogram, in as many rows as it takes.
CREATE FUNCTION visit_time_counts(since timestamptz, until timestamptz) RETURNS SETOF visit_histograms
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH parts AS MATERIALIZED (SELECT * FROM rollup_parts(since, until))
    SELECT rollup.* FROM parts CROSS JOIN LATERAL (
        SELECT * FROM visit_histograms WHERE grain = parts.grain AND bucket = parts.part_from OFFSET 0) AS rollup
    UNION ALL
    SELECT 'hour', part_from, metric, population, array_agg(index ORDER BY index), array_agg(count ORDER BY index)
    FROM (
        SELECT parts.part_from, metric, population, histogram_bucket(ms) AS index, count(*) AS count
        FROM parts JOIN visit_times AS visit
            ON parts.grain IS NULL AND visit.started_at >= parts.part_from AND visit.started_at < parts.part_to
        GROUP BY 1, 2, 3, 4
    ) AS counted
    GROUP BY part_from, metric, population
$$;

-- What the days of the past were said to be, when late events change it.
CREATE TABLE restatements (
    id uuid PRIMARY KEY,
    day timestamptz NOT NULL,
    restated_at timestamptz NOT NULL,
    visits_before bigint NOT NULL,
    visits_after bigint NOT NULL
);
CREATE INDEX restatements_day ON restatements (day, restated_at);

-- What was stored before has no visits yet.
INSERT INTO stale_visits SELECT session_key FROM user_sessions;
