-- Ways of visits by day; what is read of payments by order.

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

-- Conversions of a range. An order converts with its first payment, for all that was paid less what went
-- back; it counts for whom its visit counts for, and for everybody where no visit is known. Other
-- conversions are of visits, which last a day at most.
CREATE FUNCTION conversions_of(conversion text, since timestamptz, until timestamptz, populations population[])
RETURNS TABLE (converted_at timestamptz, visitor_id text, session_key uuid, cents bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT visit_event_at(visit, conversion), visit.visitor_id, visit.session_key, 0::bigint
    FROM visits AS visit
    WHERE conversion <> 'macro' AND visit.started_at >= since - interval '1 day' AND visit.started_at < until
        AND visit.population = ANY (populations)
        AND visit_event_at(visit, conversion) >= since AND visit_event_at(visit, conversion) < until
    UNION ALL
    SELECT paid.paid_at, visit.visitor_id, paid.session_key, net.cents
    FROM (
        SELECT order_id, min(paid_at) AS paid_at,
            (array_agg(payment.session_key ORDER BY paid_at) FILTER (WHERE payment.session_key IS NOT NULL))[1]
                AS session_key
        FROM payments AS payment
        WHERE conversion = 'macro' AND payment.kind = 'captured' AND paid_at >= since AND paid_at < until
        GROUP BY order_id
    ) AS paid
    CROSS JOIN LATERAL (
        SELECT sum(CASE other.kind WHEN 'captured' THEN eur_cents ELSE -eur_cents END)::bigint AS cents
        FROM payments AS other WHERE other.order_id = paid.order_id
    ) AS net
    LEFT JOIN LATERAL (
        SELECT near.visitor_id, near.population FROM visits AS near
        WHERE near.session_key = paid.session_key AND near.started_at <= paid.paid_at
        ORDER BY near.number DESC LIMIT 1
    ) AS visit ON true
    WHERE (visit.population IS NULL OR visit.population = ANY (populations))
        AND NOT EXISTS (
            SELECT FROM payments AS earlier
            WHERE earlier.order_id = paid.order_id AND earlier.kind = 'captured' AND earlier.paid_at < since
        )
$$;

-- What was summed up before knows no ways: it is made anew.
INSERT INTO stale_hours SELECT DISTINCT bucket FROM visit_rollups WHERE grain = 'hour'
    ON CONFLICT DO NOTHING;
