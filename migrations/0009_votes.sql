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
    PRIMARY KEY (session_key, basis, configuration_hash)
);
CREATE INDEX votes_started_at ON votes (basis, started_at);

-- The votes of sessions that began in a period: by what they ended with (final), the same of sessions that
-- ordered (ordered), or by all that they ever had (ever).
CREATE FUNCTION configuration_votes(since timestamptz, until timestamptz, asked text, everybody boolean)
RETURNS SETOF votes LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM votes
    WHERE basis = CASE asked WHEN 'ever' THEN 'ever' ELSE 'final' END::vote_basis
        AND started_at >= since AND started_at < until
        AND (everybody OR population = 'eligible') AND (asked <> 'ordered' OR ordered)
$$;
