-- Lists of sessions, measurements by histogram, heat maps.

CREATE INDEX visits_session_id ON visits (session_id text_pattern_ops);
CREATE INDEX visits_engaged ON visits (engaged_ms, session_key, number);
CREATE INDEX visits_cart ON visits (started_at) WHERE cart_at IS NOT NULL;
CREATE INDEX visits_completed ON visits (started_at) WHERE completed_at IS NOT NULL;
CREATE INDEX visits_ordered ON visits (started_at) WHERE ordered_at IS NOT NULL;
CREATE INDEX visits_country ON visits (country, started_at);
CREATE INDEX visit_paths_path ON visit_paths USING gin (path);
CREATE INDEX user_sessions_status ON user_sessions (status);
CREATE INDEX user_sessions_price ON user_sessions ((coalesce(total_price_cents, -1)), session_key);
CREATE INDEX user_sessions_priced ON user_sessions (started_at) WHERE total_price_cents IS NOT NULL;
CREATE INDEX visits_left_out ON visits (session_key) WHERE population <> 'eligible';

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
LANGUAGE sql STABLE AS $$
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
