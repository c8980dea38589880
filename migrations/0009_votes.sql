-- Votes for configurations, projected with the visits of their sessions.

DROP FUNCTION configuration_votes(timestamptz, timestamptz, text);

-- What was chosen in each configuration that has a vote.
CREATE TABLE configurations (
    configuration_hash text PRIMARY KEY,
    selections jsonb NOT NULL
);

-- What houses visitors configured, one vote a session and configuration: the one that the session ended with
-- (final), and each that it ever had (ever). A vote counts for whom the session's first visit counts for.
CREATE TYPE vote_basis AS ENUM ('final', 'ever');
CREATE TABLE votes (
    session_key uuid NOT NULL,
    started_at timestamptz NOT NULL,
    price_cents bigint NOT NULL,
    basis vote_basis NOT NULL,
    population population NOT NULL,
    status session_status NOT NULL,
    on_request boolean NOT NULL,
    -- Whether the session completed a configuration or put one into the cart; completed one or claimed to have
    -- paid; and said which options it was shown.
    converted boolean NOT NULL,
    ordered boolean NOT NULL,
    observed boolean NOT NULL,
    configuration_hash text NOT NULL,
    price_list_version integer,
    source text,
    -- The size of the house, by the catalogue that it was priced by.
    base text,
    PRIMARY KEY (session_key, basis, configuration_hash)
);
-- What most parts of a report read, so that they need not look at the votes themselves.
CREATE INDEX votes_started_at ON votes (basis, started_at)
    INCLUDE (session_key, price_cents, population, ordered, converted, observed, configuration_hash);

-- By which votes a report is made that may be asked for those of sessions that ordered alone.
CREATE FUNCTION stored_basis(asked text) RETURNS vote_basis LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE asked WHEN 'ever' THEN 'ever'::vote_basis ELSE 'final'::vote_basis END
$$;

-- The votes of sessions that began in a period: by what they ended with (final), the same of sessions that
-- ordered (ordered), or by all that they ever had (ever).
CREATE FUNCTION configuration_votes(since timestamptz, until timestamptz, asked text, everybody boolean)
RETURNS SETOF votes LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM votes
    WHERE basis = stored_basis(asked) AND started_at >= since AND started_at < until
        AND (everybody OR population = 'eligible') AND (asked <> 'ordered' OR ordered)
$$;

-- Days whose numbers of options must be made anew.
CREATE TABLE stale_vote_days (day timestamptz NOT NULL);
CREATE INDEX stale_vote_days_day ON stale_vote_days (day);

-- Votes by option, by day in UTC that their sessions began on; also of options that were shown and have no vote.
CREATE TABLE option_votes (
    day timestamptz NOT NULL,
    basis vote_basis NOT NULL,
    population population NOT NULL,
    ordered boolean NOT NULL,
    category text NOT NULL,
    option text NOT NULL,
    votes bigint NOT NULL,
    -- Of those who saw it or of whom it is not known what they saw; and of these, where a selection event chose it.
    exposed bigint NOT NULL,
    selected bigint NOT NULL,
    converted bigint NOT NULL,
    -- In billionths, at the end of the day: the older a vote, the less it weighs. Whole numbers add up to the same
    -- in any order.
    decayed bigint NOT NULL,
    -- Votes, with it or not, of sessions that were shown it.
    shown bigint NOT NULL
);
CREATE INDEX option_votes_day ON option_votes (day);

-- Sessions that chose an option, and those of them that ended without it. Apart from the others stand sessions of
-- which only their first configuration says so: what is preselected nobody chose by that.
CREATE TABLE option_regrets (
    day timestamptz NOT NULL,
    population population NOT NULL,
    category text NOT NULL,
    option text NOT NULL,
    chosen bigint NOT NULL,
    chosen_left bigint NOT NULL,
    first bigint NOT NULL,
    first_left bigint NOT NULL
);
CREATE INDEX option_regrets_day ON option_regrets (day);

-- Sessions that went from one option to another.
CREATE TABLE option_switches (
    day timestamptz NOT NULL,
    population population NOT NULL,
    category text NOT NULL,
    from_option text NOT NULL,
    to_option text NOT NULL,
    sessions bigint NOT NULL
);
CREATE INDEX option_switches_day ON option_switches (day);

-- What a vote weighs a time later: half of it after 14 days.
CREATE FUNCTION decay(age interval) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT exp(-ln(2) * extract(epoch FROM age) / extract(epoch FROM interval '14 days'))
$$;

-- The votes by option of sessions that began in a period.
CREATE FUNCTION count_option_votes(since timestamptz, until timestamptz, asked vote_basis)
RETURNS SETOF option_votes LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH voted AS MATERIALIZED (
        SELECT session_key, configuration_hash, date_bin('1 day', started_at, 'epoch') AS day, started_at,
            basis, population, ordered, converted, observed
        FROM votes WHERE basis = asked AND started_at >= since AND started_at < until
    ), shown AS MATERIALIZED (
        SELECT DISTINCT session_key, category, option.value AS option
        FROM interaction_events
        CROSS JOIN LATERAL jsonb_array_elements_text(
            CASE jsonb_typeof(additional_data -> 'options') WHEN 'array'
                THEN additional_data -> 'options' ELSE '[]' END) AS option
        WHERE event_type = 'options_shown' AND session_key IN (SELECT session_key FROM voted WHERE observed)
    ), selected AS MATERIALIZED (
        SELECT DISTINCT session_key, category, selection_value AS option
        FROM interaction_events
        WHERE event_type = 'selection' AND session_key IN (SELECT session_key FROM voted)
    ), chosen AS (
        SELECT voted.*, choice.key AS category, choice.value ->> 'option' AS option
        FROM voted JOIN configurations USING (configuration_hash)
        CROSS JOIN LATERAL jsonb_each(selections) AS choice
    ), counted AS (
        SELECT day, basis, population, ordered, category, option, count(*) AS votes,
            count(*) FILTER (WHERE shown.session_key IS NOT NULL OR NOT observed) AS exposed,
            count(*) FILTER (WHERE (shown.session_key IS NOT NULL OR NOT observed)
                AND selected.session_key IS NOT NULL) AS selected,
            count(*) FILTER (WHERE converted) AS converted,
            sum((1e9 * decay(day + interval '1 day' - started_at))::bigint) AS decayed, 0 AS shown
        FROM chosen
        LEFT JOIN shown USING (session_key, category, option)
        LEFT JOIN selected USING (session_key, category, option)
        WHERE option IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6
        UNION ALL
        SELECT day, basis, population, ordered, category, option, 0, 0, 0, 0, 0, count(*)
        FROM voted JOIN shown USING (session_key) WHERE observed GROUP BY 1, 2, 3, 4, 5, 6
    )
    SELECT day, basis, population, ordered, category, option, sum(votes)::bigint, sum(exposed)::bigint,
        sum(selected)::bigint, sum(converted)::bigint, sum(decayed)::bigint, sum(shown)::bigint
    FROM counted GROUP BY 1, 2, 3, 4, 5, 6
$$;

-- The choices and regrets of sessions that began in a period. An option counts as chosen by a selection event, or by
-- a change to it from another one.
CREATE FUNCTION count_option_regrets(since timestamptz, until timestamptz)
RETURNS SETOF option_regrets LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH sessions AS MATERIALIZED (
        SELECT session_key, date_bin('1 day', started_at, 'epoch') AS day, population, selections
        FROM votes JOIN configurations USING (configuration_hash)
        WHERE basis = 'final' AND started_at >= since AND started_at < until
    ), signs AS (
        SELECT session_key, category, selection_value AS option, false AS first
        FROM sessions JOIN interaction_events USING (session_key)
        WHERE event_type = 'selection' AND selection_value IS NOT NULL
        UNION ALL
        SELECT session_key, change ->> 'category', change -> 'to' ->> 'option',
            coalesce(change -> 'from', 'null') = 'null'
        FROM sessions JOIN configuration_changes USING (session_key)
        CROSS JOIN LATERAL jsonb_array_elements(changes) AS change
        WHERE change -> 'to' ->> 'option' IS NOT NULL
            AND change -> 'to' ->> 'option' IS DISTINCT FROM change -> 'from' ->> 'option'
    ), chosen AS (
        SELECT session_key, category, option, bool_and(first) AS first FROM signs GROUP BY 1, 2, 3
    ), ended AS (
        SELECT day, population, category, option, first,
            selections -> category ->> 'option' IS DISTINCT FROM option AS without
        FROM chosen JOIN sessions USING (session_key)
    )
    SELECT day, population, category, option, count(*) FILTER (WHERE NOT first),
        count(*) FILTER (WHERE NOT first AND without), count(*) FILTER (WHERE first),
        count(*) FILTER (WHERE first AND without)
    FROM ended GROUP BY 1, 2, 3, 4
$$;

-- The switches of sessions that began in a period.
CREATE FUNCTION count_option_switches(since timestamptz, until timestamptz)
RETURNS SETOF option_switches LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT date_bin('1 day', started_at, 'epoch'), population, change ->> 'category',
        change -> 'from' ->> 'option', change -> 'to' ->> 'option', count(DISTINCT session_key)
    FROM votes JOIN configuration_changes USING (session_key)
    CROSS JOIN LATERAL jsonb_array_elements(changes) AS change
    WHERE basis = 'final' AND started_at >= since AND started_at < until
        AND change -> 'from' ->> 'option' <> change -> 'to' ->> 'option'
    GROUP BY 1, 2, 3, 4, 5
$$;

-- A range by days in UTC, and which of them are rolled up: whole days that have not changed since.
CREATE FUNCTION vote_parts(since timestamptz, until timestamptz)
RETURNS TABLE (part_from timestamptz, part_to timestamptz, rolled_up boolean)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT greatest(day, since), least(day + interval '1 day', until),
        day >= since AND day + interval '1 day' <= until
            AND NOT EXISTS (SELECT FROM stale_vote_days AS stale WHERE stale.day = days.day)
    FROM generate_series(date_bin('1 day', since, 'epoch'), until - interval '1 microsecond', '1 day') AS days (day)
$$;

-- The votes by option of a range, in as many rows as it takes: roll-ups where they hold it, votes where not.
CREATE FUNCTION option_vote_sums(since timestamptz, until timestamptz, asked text, everybody boolean)
RETURNS SETOF option_votes LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH parts AS MATERIALIZED (SELECT * FROM vote_parts(since, until)), sums AS (
        SELECT rollup.* FROM parts JOIN option_votes AS rollup ON rolled_up AND rollup.day = part_from
        UNION ALL
        SELECT counted.*
        FROM parts CROSS JOIN LATERAL count_option_votes(part_from, part_to, stored_basis(asked)) AS counted
        WHERE NOT rolled_up
    )
    SELECT * FROM sums
    WHERE basis = stored_basis(asked) AND (everybody OR population = 'eligible') AND (asked <> 'ordered' OR ordered)
$$;

-- The choices and regrets of a range, likewise.
CREATE FUNCTION option_regret_sums(since timestamptz, until timestamptz, everybody boolean)
RETURNS SETOF option_regrets LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH parts AS MATERIALIZED (SELECT * FROM vote_parts(since, until)), sums AS (
        SELECT rollup.* FROM parts JOIN option_regrets AS rollup ON rolled_up AND rollup.day = part_from
        UNION ALL
        SELECT counted.* FROM parts CROSS JOIN LATERAL count_option_regrets(part_from, part_to) AS counted
        WHERE NOT rolled_up
    )
    SELECT * FROM sums WHERE everybody OR population = 'eligible'
$$;

-- The switches of a range, likewise.
CREATE FUNCTION option_switch_sums(since timestamptz, until timestamptz, everybody boolean)
RETURNS SETOF option_switches LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH parts AS MATERIALIZED (SELECT * FROM vote_parts(since, until)), sums AS (
        SELECT rollup.* FROM parts JOIN option_switches AS rollup ON rolled_up AND rollup.day = part_from
        UNION ALL
        SELECT counted.* FROM parts CROSS JOIN LATERAL count_option_switches(part_from, part_to) AS counted
        WHERE NOT rolled_up
    )
    SELECT * FROM sums WHERE everybody OR population = 'eligible'
$$;
