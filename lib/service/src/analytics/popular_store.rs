//! What the report of popular configurations reads.

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::Period;
use serde_json::Value;
use sqlx::PgConnection;

/// The votes of a period: by which basis, and of whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Votes<'a> {
    pub(super) period: Period,
    pub(super) basis: &'a str,
    /// Whether everybody votes, robots and the maker's own people too.
    pub(super) everybody: bool,
}

/// One configuration's votes.
pub(super) struct ConfigurationVotes {
    pub(super) configuration_hash: String,
    pub(super) selections: Value,
    pub(super) votes: i64,
    pub(super) converted: i64,
    pub(super) decayed: f64,
    pub(super) median_price_cents: Option<i64>,
    pub(super) last_seen_at: DateTime<Utc>,
    pub(super) total_votes: i64,
    pub(super) distinct: i64,
}

/// The configurations with the most votes; of equal ones by their names.
pub(super) async fn top_configurations(
    db: &mut PgConnection,
    of: Votes<'_>,
    limit: i64,
) -> Result<Vec<ConfigurationVotes>, sqlx::Error> {
    sqlx::query_as!(
        ConfigurationVotes,
        r#"WITH listed AS (
            SELECT configuration_hash, count(*) AS votes,
                (sum(count(*)) OVER ())::bigint AS total_votes, count(*) OVER () AS distinct
            FROM configuration_votes($1, $2, $3, $5)
            GROUP BY configuration_hash ORDER BY count(*) DESC, configuration_hash LIMIT $4)
         SELECT configuration_hash AS "configuration_hash!", selections AS "selections!",
            votes AS "votes!",
            count(*) FILTER (WHERE converted) AS "converted!",
            sum(exp(-ln(2) * extract(epoch FROM $2 - started_at) / extract(epoch FROM interval '14 days')))
                ::double precision AS "decayed!",
            percentile_disc(0.5) WITHIN GROUP (ORDER BY price_cents) AS median_price_cents,
            max(started_at) AS "last_seen_at!", total_votes AS "total_votes!", listed.distinct AS "distinct!"
         FROM listed JOIN configurations USING (configuration_hash)
         JOIN configuration_votes($1, $2, $3, $5) USING (configuration_hash)
         GROUP BY configuration_hash, selections, votes, total_votes, listed.distinct
         ORDER BY votes DESC, configuration_hash"#,
        of.period.from,
        of.period.to,
        of.basis,
        limit,
        of.everybody
    )
    .fetch_all(db)
    .await
}

/// Sessions, votes and conversions of a period.
pub(super) struct Totals {
    pub(super) sessions: i64,
    pub(super) votes: i64,
    pub(super) converted: i64,
    /// Votes of sessions that said which options they were shown.
    pub(super) observed: i64,
    pub(super) bot: i64,
    pub(super) internal: i64,
    pub(super) no_consent: i64,
}

pub(super) async fn totals(db: &mut PgConnection, of: Votes<'_>) -> Result<Totals, sqlx::Error> {
    sqlx::query_as!(
        Totals,
        r#"WITH left_out AS (
            SELECT population FROM configuration_votes($1, $2, 'final', true)
            WHERE population <> 'eligible' AND NOT $4)
         SELECT count(DISTINCT session_key) AS "sessions!", count(*) AS "votes!",
            count(*) FILTER (WHERE converted) AS "converted!",
            count(*) FILTER (WHERE observed) AS "observed!",
            (SELECT count(*) FROM left_out WHERE population = 'bot') AS "bot!",
            (SELECT count(*) FROM left_out WHERE population = 'internal') AS "internal!",
            (SELECT count(*) FROM left_out WHERE population = 'no_consent') AS "no_consent!"
         FROM configuration_votes($1, $2, $3, $4)"#,
        of.period.from,
        of.period.to,
        of.basis,
        of.everybody
    )
    .fetch_one(db)
    .await
}

/// How often each of several votes earlier configurations had.
pub(super) async fn votes_of(
    db: &mut PgConnection,
    of: Votes<'_>,
    hashes: &[String],
) -> Result<(i64, Vec<(String, i64)>), sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT CASE WHEN configuration_hash = ANY($4) THEN configuration_hash END AS hash,
            count(*) AS "votes!"
         FROM configuration_votes($1, $2, $3, $5) GROUP BY 1"#,
        of.period.from,
        of.period.to,
        of.basis,
        hashes,
        of.everybody
    )
    .fetch_all(db)
    .await?;
    let total = rows.iter().map(|row| row.votes).sum();
    let named = rows.into_iter().filter_map(|row| Some((row.hash?, row.votes)));
    Ok((total, named.collect()))
}

/// One option's votes.
#[derive(Debug, Default, Clone)]
pub(super) struct OptionVotes {
    pub(super) category: String,
    pub(super) option: String,
    /// Votes with it.
    pub(super) votes: i64,
    /// Votes with it of those who saw it, or of whom it is not known what they saw.
    pub(super) exposed: i64,
    /// Of `exposed`, those where it was chosen by a selection event.
    pub(super) selected: i64,
    /// Votes with it that converted.
    pub(super) converted: i64,
    /// Votes with it, the older the less they weigh.
    pub(super) decayed: f64,
}

pub(super) async fn options(
    db: &mut PgConnection,
    of: Votes<'_>,
) -> Result<Vec<OptionVotes>, sqlx::Error> {
    sqlx::query_as!(
        OptionVotes,
        r#"WITH voted AS (SELECT * FROM configuration_votes($1, $2, $3, $4)), shown AS (
            SELECT DISTINCT session_key, category, option.value AS option
            FROM interaction_events
            CROSS JOIN LATERAL jsonb_array_elements_text(
                CASE jsonb_typeof(additional_data -> 'options') WHEN 'array'
                    THEN additional_data -> 'options' ELSE '[]' END) AS option
            WHERE event_type = 'options_shown' AND session_key IN (SELECT session_key FROM voted)
         ), chosen AS (
            SELECT session_key, started_at, converted, observed, choice.key AS category,
                choice.value ->> 'option' AS option
            FROM voted JOIN configurations USING (configuration_hash)
            CROSS JOIN LATERAL jsonb_each(selections) AS choice
         ), selected AS (
            SELECT DISTINCT session_key, category, selection_value AS option
            FROM interaction_events
            WHERE event_type = 'selection' AND session_key IN (SELECT session_key FROM voted)
         ), known AS (
            SELECT chosen.*, selected.session_key IS NOT NULL AS selected,
                shown.session_key IS NOT NULL OR NOT observed AS exposed
            FROM chosen
            LEFT JOIN shown USING (session_key, category, option)
            LEFT JOIN selected USING (session_key, category, option))
         SELECT category AS "category!", option AS "option!", count(*) AS "votes!",
            count(*) FILTER (WHERE exposed) AS "exposed!",
            count(*) FILTER (WHERE exposed AND selected) AS "selected!",
            count(*) FILTER (WHERE converted) AS "converted!",
            sum(exp(-ln(2) * extract(epoch FROM $2 - started_at) / extract(epoch FROM interval '14 days')))
                ::double precision AS "decayed!"
         FROM known WHERE option IS NOT NULL GROUP BY category, option ORDER BY category, option"#,
        of.period.from,
        of.period.to,
        of.basis,
        of.everybody
    )
    .fetch_all(db)
    .await
}

/// How many votes some options had.
pub(super) struct OptionCount {
    pub(super) category: String,
    pub(super) option: String,
    pub(super) votes: i64,
}

/// Votes by option, and nothing else: what an earlier period is compared by.
pub(super) async fn option_counts(
    db: &mut PgConnection,
    of: Votes<'_>,
) -> Result<Vec<OptionCount>, sqlx::Error> {
    sqlx::query_as!(
        OptionCount,
        r#"SELECT choice.key AS "category!", choice.value ->> 'option' AS "option!",
            count(*) AS "votes!"
         FROM configuration_votes($1, $2, $3, $4) JOIN configurations USING (configuration_hash)
         CROSS JOIN LATERAL jsonb_each(selections) AS choice
         WHERE choice.value ? 'option' GROUP BY 1, 2"#,
        of.period.from,
        of.period.to,
        of.basis,
        of.everybody
    )
    .fetch_all(db)
    .await
}

/// Votes whose sessions were shown an option.
pub(super) async fn shown_counts(
    db: &mut PgConnection,
    of: Votes<'_>,
) -> Result<Vec<OptionCount>, sqlx::Error> {
    sqlx::query_as!(
        OptionCount,
        r#"WITH voted AS (
            SELECT session_key FROM configuration_votes($1, $2, $3, $4) WHERE observed
         ), shown AS (
            SELECT DISTINCT session_key, category, option.value AS option
            FROM interaction_events
            CROSS JOIN LATERAL jsonb_array_elements_text(
                CASE jsonb_typeof(additional_data -> 'options') WHEN 'array'
                    THEN additional_data -> 'options' ELSE '[]' END) AS option
            WHERE event_type = 'options_shown' AND session_key IN (SELECT session_key FROM voted))
         SELECT category AS "category!", option AS "option!", count(*) AS "votes!"
         FROM voted JOIN shown USING (session_key) GROUP BY 1, 2"#,
        of.period.from,
        of.period.to,
        of.basis,
        of.everybody
    )
    .fetch_all(db)
    .await
}

/// An option that cannot be chosen beside another.
#[derive(Debug, Default)]
pub(super) struct Exclusions {
    pub(super) categories: Vec<String>,
    pub(super) options: Vec<String>,
    pub(super) other_categories: Vec<String>,
    pub(super) other_options: Vec<String>,
}

/// Votes in which an option could not be chosen, of those that count as having been shown it.
pub(super) async fn excluded_counts(
    db: &mut PgConnection,
    of: Votes<'_>,
    exclusions: &Exclusions,
) -> Result<Vec<OptionCount>, sqlx::Error> {
    sqlx::query_as!(
        OptionCount,
        r#"WITH excluded AS (
            SELECT * FROM unnest($4::text[], $5::text[], $6::text[], $7::text[])
                AS e (category, option, other_category, other_option))
         SELECT category AS "category!", option AS "option!",
            count(DISTINCT (session_key, configuration_hash)) AS "votes!"
         FROM configuration_votes($1, $2, $3, $8) AS v JOIN configurations USING (configuration_hash)
         JOIN excluded ON selections -> other_category ->> 'option' = other_option
         WHERE selections -> category ->> 'option' IS DISTINCT FROM option
            AND (NOT v.observed OR EXISTS (
                SELECT FROM interaction_events AS shown
                WHERE shown.session_key = v.session_key AND shown.event_type = 'options_shown'
                    AND shown.category = excluded.category
                    AND shown.additional_data -> 'options' ? excluded.option))
         GROUP BY 1, 2"#,
        of.period.from,
        of.period.to,
        of.basis,
        &exclusions.categories,
        &exclusions.options,
        &exclusions.other_categories,
        &exclusions.other_options,
        of.everybody
    )
    .fetch_all(db)
    .await
}

/// Sessions that chose an option, and those of them that ended without it.
pub(super) struct Regrets {
    pub(super) category: String,
    pub(super) option: String,
    pub(super) ever: i64,
    pub(super) left: i64,
}

/// An option counts as chosen by a selection event, or by a change to it from another one; in a first
/// snapshot only if it is not what was preselected.
pub(super) async fn regrets(
    db: &mut PgConnection,
    of: Votes<'_>,
    defaults: (&[String], &[String]),
) -> Result<Vec<Regrets>, sqlx::Error> {
    sqlx::query_as!(
        Regrets,
        r#"WITH sessions AS (
            SELECT session_key, selections FROM configuration_votes($1, $2, 'final', $5)
            JOIN configurations USING (configuration_hash)
         ), preselected AS (
            SELECT * FROM unnest($3::text[], $4::text[]) AS p (category, option)
         ), chosen AS (
            SELECT session_key, category, selection_value AS option
            FROM sessions JOIN interaction_events USING (session_key)
            WHERE event_type = 'selection' AND selection_value IS NOT NULL
            UNION
            SELECT session_key, change ->> 'category', change -> 'to' ->> 'option'
            FROM sessions JOIN configuration_changes USING (session_key)
            CROSS JOIN LATERAL jsonb_array_elements(changes) AS change
            WHERE change -> 'to' ->> 'option' IS NOT NULL
                AND change -> 'to' ->> 'option' IS DISTINCT FROM change -> 'from' ->> 'option'
                AND NOT (change -> 'from' = 'null' AND EXISTS (
                    SELECT FROM preselected AS p WHERE p.category = change ->> 'category'
                        AND p.option = change -> 'to' ->> 'option')))
         SELECT category AS "category!", option AS "option!", count(*) AS "ever!",
            count(*) FILTER (WHERE selections -> category ->> 'option' IS DISTINCT FROM option)
                AS "left!"
         FROM chosen JOIN sessions USING (session_key) GROUP BY 1, 2"#,
        of.period.from,
        of.period.to,
        defaults.0,
        defaults.1,
        of.everybody
    )
    .fetch_all(db)
    .await
}

/// Sessions that went from one option to another.
pub(super) struct SwitchCount {
    pub(super) category: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) sessions: i64,
}

pub(super) async fn switches(
    db: &mut PgConnection,
    of: Votes<'_>,
) -> Result<Vec<SwitchCount>, sqlx::Error> {
    sqlx::query_as!(
        SwitchCount,
        r#"SELECT change ->> 'category' AS "category!", change -> 'from' ->> 'option' AS "from!",
            change -> 'to' ->> 'option' AS "to!", count(DISTINCT session_key) AS "sessions!"
         FROM configuration_votes($1, $2, 'final', $3) JOIN configuration_changes USING (session_key)
         CROSS JOIN LATERAL jsonb_array_elements(changes) AS change
         WHERE change -> 'from' ->> 'option' <> change -> 'to' ->> 'option'
         GROUP BY 1, 2, 3 ORDER BY count(DISTINCT session_key) DESC, 1, 2, 3"#,
        of.period.from,
        of.period.to,
        of.everybody
    )
    .fetch_all(db)
    .await
}
