-- Votes for configurations by whom they count: people from outside who did not refuse, or everybody.

DROP FUNCTION configuration_votes(timestamptz, timestamptz, text);

-- Sessions with a configuration that began in a period, and whom they count as.
CREATE VIEW configured_sessions AS
    SELECT s.*, coalesce(v.population,
        CASE WHEN s.analytics_consent IS FALSE THEN 'no_consent'::population ELSE 'eligible' END) AS population
    FROM user_sessions AS s LEFT JOIN visits AS v ON v.session_key = s.session_key AND v.number = 1
    WHERE s.total_price_cents IS NOT NULL;

-- What houses the visitors of a period configured, one vote a session: the configuration that the session
-- ended with (final), the same of sessions that completed (ordered), or each that it ever had (ever).
CREATE FUNCTION configuration_votes(since timestamptz, until timestamptz, basis text, everybody boolean)
RETURNS TABLE (
    session_key uuid, started_at timestamptz, configuration_hash text, selections jsonb,
    total_price_cents bigint, on_request text[], price_list_version integer,
    status session_status, converted boolean, source text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT s.session_key, s.started_at, s.configuration_hash, s.selections, s.total_price_cents,
        s.on_request, s.price_list_version, s.status, s.first_cart_at IS NOT NULL OR s.completed_at IS NOT NULL,
        substring(s.referrer FROM '[?&]utm_source=([^&#]+)')
    FROM configured_sessions AS s
    WHERE basis <> 'ever' AND s.started_at >= since AND s.started_at < until
        AND (everybody OR s.population = 'eligible')
        AND (basis <> 'ordered' OR s.completed_at IS NOT NULL OR s.converted_at IS NOT NULL)
    UNION ALL
    (SELECT DISTINCT ON (s.session_key, c.configuration_hash)
        s.session_key, s.started_at, c.configuration_hash, c.selections, c.total_price_cents,
        c.on_request, c.price_list_version, s.status, s.first_cart_at IS NOT NULL OR s.completed_at IS NOT NULL,
        substring(s.referrer FROM '[?&]utm_source=([^&#]+)')
    FROM configured_sessions AS s JOIN configuration_snapshots AS c ON c.session_key = s.session_key
    WHERE basis = 'ever' AND c.total_price_cents IS NOT NULL
        AND s.started_at >= since AND s.started_at < until AND (everybody OR s.population = 'eligible')
    ORDER BY s.session_key, c.configuration_hash, c.occurred_at DESC, c.event_id)
$$;
