-- Ways of visits by day; conversions of visits and orders.

-- How many visits went from one node to the next, by day (UTC), read from the beginning and from the end.
-- `next` is nothing where the way ends.
CREATE TYPE path_anchor AS ENUM ('start', 'end');
CREATE TABLE path_edges (
    day timestamptz NOT NULL,
    anchor path_anchor NOT NULL,
    depth smallint NOT NULL CHECK (depth BETWEEN 1 AND 20),
    population population NOT NULL,
    node text NOT NULL,
    next text,
    visits bigint NOT NULL
);
CREATE INDEX path_edges_day ON path_edges (anchor, day, depth);

-- How many visits came by a node at all, by day (UTC), whatever became of them.
CREATE TABLE path_nodes (
    day timestamptz NOT NULL,
    population population NOT NULL,
    node text NOT NULL,
    visits bigint NOT NULL,
    PRIMARY KEY (day, population, node)
);

CREATE INDEX payments_order ON payments (order_id, paid_at);

-- Conversions of visits, by when they happened.
CREATE INDEX visits_micro ON visits (least(cart_at, completed_at)) WHERE least(cart_at, completed_at) IS NOT NULL;
CREATE INDEX visits_lead ON visits (lead_at) WHERE lead_at IS NOT NULL;

-- Visits of unknown visitors after others of their session, which are few.
CREATE INDEX visits_again ON visits (started_at) INCLUDE (session_key) WHERE number > 1 AND visitor_id IS NULL;

-- When a visit did what a question is about; nothing where it did not.
CREATE FUNCTION visit_event_at(visit visits, event text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE event WHEN 'visit' THEN visit.started_at WHEN 'configuration' THEN visit.step_at[2]
        WHEN 'cart' THEN visit.cart_at WHEN 'completion' THEN visit.completed_at
        WHEN 'micro' THEN least(visit.cart_at, visit.completed_at)
        WHEN 'lead' THEN visit.lead_at WHEN 'order' THEN visit.ordered_at END
$$;

-- What a visit is told apart by.
CREATE FUNCTION visit_value(visit visits, dimension text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(CASE dimension WHEN 'channel' THEN visit.channel WHEN 'source' THEN visit.source
        WHEN 'medium' THEN visit.medium WHEN 'campaign' THEN visit.campaign
        WHEN 'device' THEN visit.device WHEN 'country' THEN visit.country END, '(not set)')
$$;

-- Conversions of a range, with the visit that converted. An order converts with its first payment, for all that
-- was paid less what went back, and what converted is the last visit of its session before; it counts for whom that
-- visit counts for, and for everybody where no visit is known.
CREATE FUNCTION conversions_of(conversion text, dimension text, since timestamptz, until timestamptz,
    populations population[])
RETURNS TABLE (converted_at timestamptz, cents bigint, visitor_id text, session_key uuid, number integer,
    started_at timestamptz, direct boolean, value text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT least(cart_at, completed_at), 0::bigint, visitor_id, session_key, number, started_at,
        channel = 'direct', visit_value(visit, dimension)
    FROM visits AS visit
    WHERE conversion = 'micro' AND population = ANY (populations)
        AND least(cart_at, completed_at) >= since AND least(cart_at, completed_at) < until
    UNION ALL
    SELECT lead_at, 0, visitor_id, session_key, number, started_at,
        channel = 'direct', visit_value(visit, dimension)
    FROM visits AS visit
    WHERE conversion = 'lead' AND population = ANY (populations) AND lead_at >= since AND lead_at < until
    UNION ALL
    SELECT paid.paid_at, paid.cents, visit.visitor_id, paid.session_key, visit.number, visit.started_at,
        visit.direct, visit.value
    FROM (
        SELECT min(paid_at) FILTER (WHERE kind = 'captured') AS paid_at,
            (array_agg(payment.session_key ORDER BY paid_at) FILTER (
                WHERE kind = 'captured' AND paid_at < until AND payment.session_key IS NOT NULL))[1] AS session_key,
            sum(CASE kind WHEN 'captured' THEN eur_cents ELSE -eur_cents END)::bigint AS cents
        FROM payments AS payment
        WHERE conversion = 'macro' AND order_id IN (
            SELECT order_id FROM payments WHERE kind = 'captured' AND paid_at >= since AND paid_at < until)
        GROUP BY order_id
    ) AS paid
    LEFT JOIN LATERAL (
        SELECT visitor_id, number, started_at, population, channel = 'direct' AS direct,
            visit_value(near, dimension) AS value
        FROM visits AS near
        WHERE near.session_key = paid.session_key AND near.started_at <= paid.paid_at
        ORDER BY near.number DESC LIMIT 1
    ) AS visit ON true
    WHERE paid.paid_at >= since AND (visit.population IS NULL OR visit.population = ANY (populations))
$$;

-- What was summed up before knows no ways: it is made anew.
INSERT INTO stale_hours SELECT DISTINCT bucket FROM visit_rollups WHERE grain = 'hour'
    ON CONFLICT DO NOTHING;
