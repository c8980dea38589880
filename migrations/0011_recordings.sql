-- What the system measures of itself: how long requests, statements and Redis operations took.

-- By slot of five minutes, endpoint (method and path pattern) and class of the answer's status. The histogram is
-- that of the function histogram_bucket: counts[i] values in the bucket indexes[i], by index.
CREATE TABLE recordings (
    slot timestamptz NOT NULL,
    metric text NOT NULL,
    endpoint text NOT NULL,
    status_class smallint NOT NULL,
    indexes integer[] NOT NULL,
    counts bigint[] NOT NULL,
    sum_ms double precision NOT NULL,
    PRIMARY KEY (slot, metric, endpoint, status_class)
);

-- The same by hour in UTC, made from the slots of hours that are over.
CREATE TABLE recordings_hourly (
    hour timestamptz NOT NULL,
    metric text NOT NULL,
    endpoint text NOT NULL,
    status_class smallint NOT NULL,
    indexes integer[] NOT NULL,
    counts bigint[] NOT NULL,
    sum_ms double precision NOT NULL,
    PRIMARY KEY (hour, metric, endpoint, status_class)
);

-- How many requests a slot had, and how many of them failed: what uptime is made of.
CREATE TABLE recorded_slots (
    slot timestamptz PRIMARY KEY,
    requests bigint NOT NULL,
    failed bigint NOT NULL
);

-- Hours with slots that are not in recordings_hourly yet, or changed since.
CREATE TABLE stale_recording_hours (hour timestamptz PRIMARY KEY);

-- What processes handed on, for a day: a process that did not hear whether Redis took its recordings sends them again.
CREATE TABLE recording_flushes (
    id uuid PRIMARY KEY,
    stored_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX recording_flushes_stored_at ON recording_flushes (stored_at);

-- Statements and Redis operations that took long. A statement is kept as it is written, without parameters.
CREATE TABLE slow_operations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    metric text NOT NULL,
    name text NOT NULL,
    statement text,
    duration_ms double precision NOT NULL,
    endpoint text NOT NULL,
    request_id text NOT NULL
);
CREATE INDEX slow_operations_at ON slow_operations (at);

INSERT INTO drain_positions (queue) VALUES ('recordings');

-- Two histograms as one.
CREATE FUNCTION added_histograms(
    a_indexes integer[], a_counts bigint[], b_indexes integer[], b_counts bigint[],
    OUT indexes integer[], OUT counts bigint[]
) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(index ORDER BY index), array_agg(count ORDER BY index) FROM (
        SELECT index, sum(count)::bigint AS count FROM (
            SELECT * FROM unnest(a_indexes, a_counts) AS a (index, count)
            UNION ALL
            SELECT * FROM unnest(b_indexes, b_counts) AS b (index, count)) AS both_of
        GROUP BY index) AS added
$$;
