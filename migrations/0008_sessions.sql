-- Lists of sessions, measurements by histogram, heat maps.

CREATE INDEX visits_session_id ON visits (session_id text_pattern_ops);
CREATE INDEX visits_engaged ON visits (engaged_ms, session_key, number);
CREATE INDEX visits_cart ON visits (started_at) WHERE cart_at IS NOT NULL;
CREATE INDEX visits_completed ON visits (started_at) WHERE completed_at IS NOT NULL;
CREATE INDEX visits_ordered ON visits (started_at) WHERE ordered_at IS NOT NULL;
CREATE INDEX visits_left_out ON visits (session_key, started_at) INCLUDE (number) WHERE population <> 'eligible';
CREATE INDEX visits_country ON visits (country, started_at);
CREATE INDEX visit_paths_path ON visit_paths USING gin (path);
CREATE INDEX user_sessions_status ON user_sessions (status);
CREATE INDEX user_sessions_price ON user_sessions ((coalesce(total_price_cents, -1)), session_key);
CREATE INDEX user_sessions_priced ON user_sessions (started_at) WHERE total_price_cents IS NOT NULL;

-- The visits of a range that a filter lets through, with what is known of their sessions. A filter is an object;
-- a name that is absent filters nothing.
CREATE FUNCTION matching_visits(since timestamptz, until timestamptz, populations population[], filter jsonb)
RETURNS TABLE (
    session_key uuid, number integer, session_id text, started_at timestamptz, ended_at timestamptz,
    population population, status session_status, bounced boolean, configuring boolean, funnel_level smallint,
    page_views integer, interactions integer, selections integer, snapshots integer,
    duration_ms bigint, engaged_ms bigint, cart_at timestamptz, completed_at timestamptz, ordered_at timestamptz,
    device text, channel text, source text, campaign text, country text, entry_page text, exit_page text,
    last_event text, price_cents bigint, configuration_hash text, completion double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT v.session_key, v.number, v.session_id, v.started_at, v.ended_at,
        v.population, s.status, v.bounced, v.configuring, v.funnel_level,
        v.page_views, v.interactions, v.selections, v.snapshots,
        v.duration_ms, v.engaged_ms, v.cart_at, v.completed_at, v.ordered_at,
        v.device, v.channel, v.source, v.campaign, v.country, v.entry_page, v.exit_page,
        v.last_event, coalesce(s.total_price_cents, -1), s.configuration_hash, s.completion
    FROM visits AS v JOIN user_sessions AS s ON s.session_key = v.session_key
        LEFT JOIN visit_paths AS p ON p.session_key = v.session_key AND p.number = v.number
    WHERE v.started_at >= since AND v.started_at < until AND v.population = ANY (populations)
        AND (filter ->> 'sessionPattern' IS NULL OR v.session_id LIKE (filter ->> 'sessionPattern'))
        AND (filter ->> 'status' IS NULL OR s.status = (filter ->> 'status')::session_status)
        AND (filter ->> 'device' IS NULL OR v.device = filter ->> 'device')
        AND (filter ->> 'channel' IS NULL OR v.channel = filter ->> 'channel')
        AND (filter ->> 'country' IS NULL OR v.country = filter ->> 'country')
        AND (filter ->> 'page' IS NULL OR p.path @> ARRAY[filter ->> 'page'])
        AND (filter ->> 'minPriceCents' IS NULL
            OR coalesce(s.total_price_cents, -1) >= (filter ->> 'minPriceCents')::bigint)
        AND (filter ->> 'maxPriceCents' IS NULL
            OR coalesce(s.total_price_cents, -1) BETWEEN 0 AND (filter ->> 'maxPriceCents')::bigint)
        AND (coalesce(filter ->> 'hasConfiguration', 'false') <> 'true' OR v.configuring)
        AND (coalesce(filter ->> 'hasConfiguration', 'true') <> 'false' OR NOT v.configuring)
        AND (coalesce(filter ->> 'hasCart', 'false') <> 'true' OR v.cart_at IS NOT NULL)
        AND (coalesce(filter ->> 'hasCart', 'true') <> 'false' OR v.cart_at IS NULL)
        AND (coalesce(filter ->> 'hasCompletion', 'false') <> 'true' OR v.completed_at IS NOT NULL)
        AND (coalesce(filter ->> 'hasCompletion', 'true') <> 'false' OR v.completed_at IS NULL)
        AND (coalesce(filter ->> 'hasOrder', 'false') <> 'true' OR v.ordered_at IS NOT NULL)
        AND (coalesce(filter ->> 'hasOrder', 'true') <> 'false' OR v.ordered_at IS NULL)
$$;

-- The page that an address belongs to: its first folder, without host, query and fragment.
CREATE FUNCTION page_group(address text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '/' || left(split_part(regexp_replace(address, '^[a-z]+://[^/]*|[?#].*$', '', 'g'), '/', 2), 100)
$$;

-- A measurement may be reported again under its own id; the last report counts.
CREATE INDEX performance_metrics_measurement ON performance_metrics ((additional_data ->> 'id'))
    WHERE additional_data ->> 'id' IS NOT NULL;
CREATE VIEW metric_values AS
    SELECT m.occurred_at, m.metric_name AS metric, m.value,
        left(coalesce(m.additional_data ->> 'deviceType',
            (SELECT s.device_type FROM user_sessions AS s WHERE s.session_key = m.session_key), '(not set)'), 100)
            AS device,
        coalesce(page_group(coalesce(m.additional_data ->> 'page', m.endpoint)), '(not set)') AS page_group
    FROM performance_metrics AS m
    WHERE m.additional_data ->> 'id' IS NULL OR m.event_id = (
        SELECT report.event_id FROM performance_metrics AS report
        WHERE report.additional_data ->> 'id' = m.additional_data ->> 'id' AND report.metric_name = m.metric_name
        ORDER BY report.occurred_at DESC, coalesce(report.seq, 0) DESC, report.event_id DESC LIMIT 1);

-- How many measured values fall into each bucket of the histogram, by hour and by day in UTC.
CREATE TABLE metric_histograms (
    grain rollup_grain NOT NULL,
    bucket timestamptz NOT NULL,
    metric text NOT NULL,
    device text NOT NULL,
    page_group text NOT NULL,
    index integer NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (grain, bucket, metric, device, page_group, index)
);

-- Hours whose histograms of measurements must be made anew.
CREATE TABLE stale_metric_hours (hour timestamptz NOT NULL);
CREATE INDEX stale_metric_hours_hour ON stale_metric_hours (hour);

-- How many values of a metric (of all where it is null) fall into each bucket of the histogram, in as many
-- rows as it takes.
CREATE FUNCTION metric_counts(since timestamptz, until timestamptz, only_metric text)
RETURNS SETOF metric_histograms LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH parts AS MATERIALIZED (
        SELECT * FROM range_parts(since, until, ARRAY(
            SELECT hour FROM stale_metric_hours
            WHERE hour >= date_bin('1 day', since, 'epoch') AND hour < until))
    )
    SELECT rollup.* FROM parts CROSS JOIN LATERAL (
        SELECT * FROM metric_histograms AS h
        WHERE h.grain = parts.grain AND h.bucket = parts.part_from
            AND (only_metric IS NULL OR h.metric = only_metric)
        OFFSET 0) AS rollup
    UNION ALL
    SELECT 'hour', parts.part_from, measured.*
    FROM parts CROSS JOIN LATERAL (
        SELECT metric, device, page_group, histogram_bucket(value), count(*) FROM metric_values
        WHERE occurred_at >= parts.part_from AND occurred_at < parts.part_to
            AND (only_metric IS NULL OR metric = only_metric)
        GROUP BY 1, 2, 3, 4) AS measured
    WHERE parts.grain IS NULL
$$;

-- Clicks inside elements, by day in UTC and by the cell of a grid of 64 by 64 over the element, row by row from the
-- upper left corner; cell -1 holds clicks of which the place is not known.
CREATE TABLE heatmap_cells (
    day timestamptz NOT NULL,
    page text NOT NULL,
    element_id text NOT NULL,
    breakpoint text NOT NULL,
    layout_version text NOT NULL,
    cell integer NOT NULL CHECK (cell BETWEEN -1 AND 4095),
    clicks bigint NOT NULL,
    rage bigint NOT NULL,
    dead bigint NOT NULL,
    PRIMARY KEY (page, element_id, day, breakpoint, layout_version, cell)
);
CREATE INDEX heatmap_cells_day ON heatmap_cells (day);

-- How far down page views came, in per cent of the page.
CREATE TABLE scroll_depths (
    day timestamptz NOT NULL,
    page text NOT NULL,
    device text NOT NULL,
    depth smallint NOT NULL CHECK (depth BETWEEN 0 AND 100),
    page_views bigint NOT NULL,
    PRIMARY KEY (page, day, device, depth)
);
CREATE INDEX scroll_depths_day ON scroll_depths (day);

-- How often visitors could not decide, by category of options.
CREATE TABLE indecisions (
    day timestamptz NOT NULL,
    category text NOT NULL,
    sessions bigint NOT NULL,
    times bigint NOT NULL,
    PRIMARY KEY (day, category)
);

-- How often visitors opened a category of options and left it at once without a change.
CREATE TABLE quick_backs (
    day timestamptz NOT NULL,
    category text NOT NULL,
    sessions bigint NOT NULL,
    times bigint NOT NULL,
    PRIMARY KEY (day, category)
);

-- Days whose heat maps must be made anew.
CREATE TABLE stale_heatmap_days (day timestamptz NOT NULL);
CREATE INDEX stale_heatmap_days_day ON stale_heatmap_days (day);
