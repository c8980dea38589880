//! Chosen options, counted by day; and what the report of popular configurations reads.

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::analytics::Period;
use serde_json::Value;
use sqlx::PgConnection;

/// Makes the numbers of options of one day that changed anew, once it is over: ranges that end in it read
/// its votes themselves. Numbers of days whose votes went by age stay as they are. Answers how many days. Inside the caller's transaction, of which there must
/// not be two at once.
pub(super) async fn refresh_stale_vote_days(
    db: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let taken = sqlx::query!(
        r#"WITH taken AS (
            DELETE FROM stale_vote_days
            WHERE day = (SELECT min(day) FROM stale_vote_days) AND day <= $1 RETURNING day)
         SELECT DISTINCT day AS "day!", day >= kept_since('raw') AS "kept!" FROM taken"#,
        now - TimeDelta::days(1)
    )
    .fetch_all(&mut *db)
    .await?;
    for taken in taken.iter().filter(|taken| taken.kept) {
        refresh_options(db, taken.day).await?;
    }
    Ok(u64::try_from(taken.len()).unwrap_or(u64::MAX))
}

async fn refresh_options(db: &mut PgConnection, day: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH gone AS (DELETE FROM option_votes WHERE day = $1),
            also_gone AS (DELETE FROM option_regrets WHERE day = $1)
         DELETE FROM option_switches WHERE day = $1",
        day
    )
    .execute(&mut *db)
    .await?;
    let next = day + TimeDelta::days(1);
    sqlx::query!(
        "INSERT INTO option_votes
         SELECT counted.* FROM unnest(enum_range(NULL::vote_basis)) AS basis
         CROSS JOIN LATERAL count_option_votes($1, $2, basis) AS counted",
        day,
        next
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "INSERT INTO option_regrets SELECT * FROM count_option_regrets($1, $2)",
        day,
        next
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "INSERT INTO option_switches SELECT * FROM count_option_switches($1, $2)",
        day,
        next
    )
    .execute(db)
    .await?;
    Ok(())
}

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
            GROUP BY configuration_hash ORDER BY count(*) DESC, configuration_hash LIMIT $4
         ), seen AS (
            SELECT configuration_hash, count(*) FILTER (WHERE converted) AS converted,
                sum(decay($2 - started_at)) AS decayed,
                percentile_disc(0.5) WITHIN GROUP (ORDER BY price_cents) AS median_price_cents,
                max(started_at) AS last_seen_at
            FROM configuration_votes($1, $2, $3, $5)
            WHERE configuration_hash IN (SELECT configuration_hash FROM listed)
            GROUP BY configuration_hash)
         SELECT configuration_hash AS "configuration_hash!", selections AS "selections!",
            votes AS "votes!", converted AS "converted!", decayed AS "decayed!", median_price_cents,
            last_seen_at AS "last_seen_at!", total_votes AS "total_votes!", listed.distinct AS "distinct!"
         FROM listed JOIN seen USING (configuration_hash) JOIN configurations USING (configuration_hash)
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
}

pub(super) async fn totals(db: &mut PgConnection, of: Votes<'_>) -> Result<Totals, sqlx::Error> {
    sqlx::query_as!(
        Totals,
        r#"SELECT CASE $3 WHEN 'ever' THEN count(DISTINCT session_key) FILTER (WHERE $3 = 'ever')
                ELSE count(*) END AS "sessions!",
            count(*) AS "votes!",
            count(*) FILTER (WHERE converted) AS "converted!",
            count(*) FILTER (WHERE observed) AS "observed!"
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

/// An option that was shown or has votes.
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
    /// Votes, with it or not, whose sessions said that they were shown it.
    pub(super) shown: i64,
}

pub(super) async fn options(
    db: &mut PgConnection,
    of: Votes<'_>,
) -> Result<Vec<OptionVotes>, sqlx::Error> {
    sqlx::query_as!(
        OptionVotes,
        r#"SELECT category AS "category!", option AS "option!", sum(votes)::bigint AS "votes!",
            sum(exposed)::bigint AS "exposed!", sum(selected)::bigint AS "selected!",
            sum(converted)::bigint AS "converted!",
            sum(decayed * decay($2 - day - interval '1 day') ORDER BY day, population, ordered) / 1e9
                AS "decayed!",
            sum(shown)::bigint AS "shown!"
         FROM option_vote_sums($1, $2, $3, $4) GROUP BY category, option ORDER BY category, option"#,
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
        r#"SELECT category AS "category!", option AS "option!", sum(votes)::bigint AS "votes!"
         FROM option_vote_sums($1, $2, $3, $4) GROUP BY category, option"#,
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

/// What is preselected counts as chosen only where more than a first configuration says so.
pub(super) async fn regrets(
    db: &mut PgConnection,
    of: Votes<'_>,
    defaults: (&[String], &[String]),
) -> Result<Vec<Regrets>, sqlx::Error> {
    sqlx::query_as!(
        Regrets,
        r#"WITH preselected AS (
            SELECT * FROM unnest($3::text[], $4::text[]) AS p (category, option)
         ), chosen AS (
            SELECT category, option, sum(chosen) AS chosen, sum(chosen_left) AS chosen_left,
                sum(first) AS first, sum(first_left) AS first_left
            FROM option_regret_sums($1, $2, $5) GROUP BY category, option)
         SELECT category AS "category!", option AS "option!",
            (chosen + CASE WHEN p.option IS NULL THEN first ELSE 0 END)::bigint AS "ever!",
            (chosen_left + CASE WHEN p.option IS NULL THEN first_left ELSE 0 END)::bigint AS "left!"
         FROM chosen LEFT JOIN preselected AS p USING (category, option)"#,
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
        r#"SELECT category AS "category!", from_option AS "from!", to_option AS "to!",
            sum(sessions)::bigint AS "sessions!"
         FROM option_switch_sums($1, $2, $3)
         GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3"#,
        of.period.from,
        of.period.to,
        of.everybody
    )
    .fetch_all(db)
    .await
}
