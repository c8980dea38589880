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
