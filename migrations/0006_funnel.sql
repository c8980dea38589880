-- What funnels read.

-- Events of some names by when they happened. Where a funnel asks for names, categories, elements and values, the
-- index is all that is read. What is too long for an index has one of its own, without it.
CREATE INDEX interaction_events_event_type ON interaction_events (event_type, occurred_at)
    INCLUDE (session_key, seq, category, element_id, selection_value)
    WHERE octet_length(coalesce(element_id, '')) + octet_length(coalesce(selection_value, '')) <= 400;
CREATE INDEX interaction_events_event_type_long ON interaction_events (event_type, occurred_at)
    WHERE octet_length(coalesce(element_id, '')) + octet_length(coalesce(selection_value, '')) > 400;
CREATE INDEX configuration_snapshots_milestone ON configuration_snapshots (occurred_at)
    WHERE completes OR trigger = 'cart_add';
CREATE INDEX session_events_fact ON session_events (fact, occurred_at);
CREATE INDEX visits_funnel_level ON visits (funnel_level, started_at);

-- What a property of an event is, as text.
CREATE FUNCTION event_property(
    property text, category text, element text, value text, previous text, device text, data jsonb
) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE property WHEN 'category' THEN category WHEN 'element' THEN element WHEN 'value' THEN value
        WHEN 'previousValue' THEN previous WHEN 'device' THEN device ELSE data ->> property END
$$;

-- Whether a property passes a filter. Only numbers are greater or less than a bound.
CREATE FUNCTION passes_filter(
    op text, property text, wanted text, bound numeric, category text, element text, value text, previous text,
    device text, data jsonb
) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE op
        WHEN 'is' THEN wanted
            IS NOT DISTINCT FROM event_property(property, category, element, value, previous, device, data)
        WHEN 'is_not' THEN wanted
            IS DISTINCT FROM event_property(property, category, element, value, previous, device, data)
        WHEN 'contains' THEN coalesce(
            strpos(event_property(property, category, element, value, previous, device, data), wanted) > 0, false)
        WHEN 'greater' THEN
            CASE jsonb_typeof(data -> property) WHEN 'number' THEN (data -> property)::numeric > bound ELSE false END
        WHEN 'less' THEN
            CASE jsonb_typeof(data -> property) WHEN 'number' THEN (data -> property)::numeric < bound ELSE false END
        ELSE true END
$$;

-- The events that a funnel asks for, day by day, of each day one row a visit of a session: few enough to be grouped
-- in memory, told apart by keys of 16 bytes; no text is sorted. Every visit has the events of all of its session.
-- `asked` has a row for each way to satisfy a step. Interactions named in `plain` are asked for without properties,
-- and come without identity or value; those in `known` come with both, as do snapshots and visits named in `own`.
-- `relevant` adds every other interaction that strict order looks at. Configurations come where `configurations`
-- asks for them, values where `property` does, `dimension` of visits, visitors where `visitors` are told apart.
-- A mark holds the number of an event and, in its last five bits, what the event is: a step (0 to 19), an
-- exclusion (20 to 30) or neither (31). The visit itself comes before everything and an order after it.
-- Of the days, `every` so many are read, so that several connections can share them.
-- The visits of about a day are read by their time and joined by hash (`OFFSET 0`), not looked up one by one.
CREATE FUNCTION funnel_events(
    asked jsonb, plain text[], known text[], own text[], facts session_fact[], relevant boolean,
    configurations boolean, property text, dimension text, visitors boolean, populations population[],
    since timestamptz, until timestamptz, every integer
) RETURNS TABLE (
    day timestamptz, session_key uuid, at timestamptz[], mark bigint[], event_id uuid[], configuration text[],
    value text[], number integer, started_at timestamptz, ended_at timestamptz, visitor uuid, visit_value text
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT day, of_day.*
    FROM generate_series(since, until, make_interval(days => every)) AS day CROSS JOIN LATERAL (
        SELECT grouped.*, visit.number, visit.started_at, visit.ended_at, visit.visitor, visit.value
        FROM (
            SELECT hit.session_key, array_agg(hit.at), array_agg(hit.mark), array_agg(hit.event_id),
                array_agg(hit.configuration) FILTER (WHERE configurations),
                array_agg(hit.value) FILTER (WHERE property IS NOT NULL)
            FROM (
                SELECT e.session_key, e.occurred_at AS at, coalesce(e.seq, 0) << 5 | s.mark AS mark,
                    NULL::uuid AS event_id, NULL::text AS configuration, NULL::text AS value
                FROM interaction_events AS e
                JOIN jsonb_to_recordset(asked) AS s (mark bigint, event text, category text, element text, value text)
                    ON s.event = e.event_type
                WHERE e.event_type = ANY(plain)
                    AND e.occurred_at >= day AND e.occurred_at < least(day + interval '1 day', until)
                    AND octet_length(coalesce(e.element_id, '')) + octet_length(coalesce(e.selection_value, '')) <= 400
                    AND CASE WHEN s.category <> e.category THEN false
                        WHEN s.element IS NOT NULL AND e.element_id IS DISTINCT FROM s.element THEN false
                        WHEN s.value IS NOT NULL AND e.selection_value IS DISTINCT FROM s.value THEN false
                        ELSE true END
                UNION ALL
                SELECT e.session_key, e.at, e.seq << 5 | s.mark, e.event_id, e.configuration,
                    CASE WHEN property IS NOT NULL THEN event_property(property, e.category, e.element,
                        e.value, e.previous, e.device, e.data) END
                FROM (
                    SELECT session_key, occurred_at AS at, coalesce(seq, 0) AS seq, event_id, event_type AS name,
                        category, element_id AS element, selection_value AS value, previous_value AS previous,
                        device_type AS device, additional_data AS data, NULL AS configuration
                    FROM interaction_events
                    WHERE event_type = ANY(known)
                        AND occurred_at >= day AND occurred_at < least(day + interval '1 day', until)
                        AND octet_length(coalesce(element_id, '')) + octet_length(coalesce(selection_value, '')) <= 400
                    UNION ALL
                    SELECT session_key, occurred_at, coalesce(seq, 0), event_id, event_type,
                        category, element_id, selection_value, previous_value, device_type, additional_data, NULL
                    FROM interaction_events
                    WHERE event_type = ANY(plain || known)
                        AND occurred_at >= day AND occurred_at < least(day + interval '1 day', until)
                        AND octet_length(coalesce(element_id, '')) + octet_length(coalesce(selection_value, '')) > 400
                    UNION ALL
                    SELECT session_key, occurred_at, coalesce(seq, 0), event_id,
                        CASE WHEN completes THEN 'completion' ELSE 'cart_add' END,
                        trigger::text, NULL, configuration_hash, NULL, NULL, NULL, configuration_hash
                    FROM configuration_snapshots
                    WHERE own && '{cart_add,completion}' AND (completes OR trigger = 'cart_add')
                        AND occurred_at >= day AND occurred_at < least(day + interval '1 day', until)
                    UNION ALL
                    SELECT session_key, occurred_at, coalesce(seq, 0), event_id, 'snapshot',
                        trigger::text, NULL, configuration_hash, NULL, NULL, NULL, configuration_hash
                    FROM configuration_snapshots
                    WHERE 'snapshot' = ANY(own) AND NOT (completes OR trigger = 'cart_add')
                        AND occurred_at >= day AND occurred_at < least(day + interval '1 day', until)
                    UNION ALL
                    SELECT session_key, occurred_at, coalesce(seq, 0), event_id, fact::text,
                        'session', NULL, NULL, NULL, NULL, NULL, NULL
                    FROM session_events
                    WHERE fact = ANY(facts)
                        AND occurred_at >= day AND occurred_at < least(day + interval '1 day', until)
                    UNION ALL
                    SELECT session_key, started_at, -1, session_key, 'visit',
                        'visit', NULL, NULL, NULL, device, NULL, NULL
                    FROM visits
                    WHERE 'visit' = ANY(own)
                        AND started_at >= day AND started_at < least(day + interval '1 day', until)
                    UNION ALL
                    SELECT session_key, ordered_at, 1::bigint << 57, session_key, 'order',
                        'visit', NULL, NULL, NULL, device, NULL, NULL
                    FROM visits
                    WHERE 'order' = ANY(own) AND ordered_at IS NOT NULL
                        AND started_at >= day AND started_at < least(day + interval '1 day', until)
                ) AS e
                JOIN jsonb_to_recordset(asked) AS s (mark bigint, event text, category text, element text, value text,
                    properties text[], ops text[], wanted text[], bounds numeric[]) ON s.event = e.name
                WHERE CASE WHEN s.category <> e.category THEN false
                    WHEN s.element IS NOT NULL AND e.element IS DISTINCT FROM s.element THEN false
                    WHEN s.value IS NOT NULL AND e.value IS DISTINCT FROM s.value THEN false
                    WHEN s.ops IS NULL THEN true
                    ELSE passes_filter(s.ops[1], s.properties[1], s.wanted[1], s.bounds[1],
                            e.category, e.element, e.value, e.previous, e.device, e.data)
                        AND (s.ops[2] IS NULL OR passes_filter(s.ops[2], s.properties[2], s.wanted[2],
                            s.bounds[2], e.category, e.element, e.value, e.previous, e.device, e.data))
                        AND (s.ops[3] IS NULL OR passes_filter(s.ops[3], s.properties[3], s.wanted[3],
                            s.bounds[3], e.category, e.element, e.value, e.previous, e.device, e.data)) END
                UNION ALL
                SELECT session_key, occurred_at, coalesce(seq, 0) << 5 | 31, event_id, NULL, NULL
                FROM interaction_events
                WHERE relevant AND interactive
                    AND event_type NOT IN ('scroll', 'scroll_depth', 'hover', 'vitals', 'engagement')
                    AND occurred_at >= day AND occurred_at < least(day + interval '1 day', until)
            ) AS hit
            GROUP BY hit.session_key
        ) AS grouped
        JOIN (
            SELECT v.session_key, v.number, v.started_at, v.ended_at,
                CASE WHEN visitors THEN md5(v.visitor_id)::uuid END AS visitor,
                CASE dimension WHEN 'device' THEN v.device WHEN 'channel' THEN v.channel
                    WHEN 'source' THEN v.source WHEN 'medium' THEN v.medium WHEN 'campaign' THEN v.campaign
                    WHEN 'country' THEN v.country END AS value
            FROM visits AS v
            WHERE v.started_at >= day - interval '1 day' AND v.started_at < day + interval '25 hours'
                AND v.population = ANY (populations) AND (NOT visitors OR v.visitor_id IS NOT NULL)
            OFFSET 0
        ) AS visit ON visit.session_key = grouped.session_key
    ) AS of_day
$$;
