//! Popular configurations and options, and what configurations cost (definitions b4, b5).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::Json;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::analytics::{
    Period, Populations, Rate, TimeRange, Trend, TrendCounts, trends,
};
use nest_haus_domain::configurator::{
    Catalogue, Category, PriceList, RuleKind, Selections, Selector, price,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::meta::{Meta, Warning, excluded};
use super::popular_store::{self as store, Exclusions, OptionVotes, Totals, Votes};
use super::prices::{PriceQuestion, PriceReport, price_report};
use super::range::{Asked, RangeQuery};
use crate::accounts::{May, ReadAnalytics};
use crate::configurator::price_lists_since;
use crate::http::{Context, Problem, ProblemDocument, how_many};
use crate::operations::Run;
use crate::platform::{App, begin_report};
use crate::queue;

/// Names the definition.
const METRIC: &str = "popular_configs";

/// Most configurations that a report lists.
const LIMIT_MAX: usize = 100;

/// Configurations that a report lists where nobody says how many.
const LIMIT_DEFAULT: usize = 10;

/// A report older than this is made anew.
const FRESH_FOR: TimeDelta = TimeDelta::minutes(30);

/// Share of a job's time after which no further report is begun.
const BUDGET_SHARE: f64 = 0.8;

/// Which configuration of a session counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The one that it ended with.
    #[default]
    Final,
    /// The one that it ended with, of sessions that completed or claim to have paid.
    Ordered,
    /// Each that it ever had, once.
    Ever,
}

impl Basis {
    pub(super) const ALL: [Self; 3] = [Self::Final, Self::Ordered, Self::Ever];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Ordered => "ordered",
            Self::Ever => "ever",
        }
    }
}

/// Which report.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PopularQuery {
    /// Most configurations, 1 to 100 (default 10).
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `final` (default), `ordered` or `ever`.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^(final|ordered|ever)$")]
    basis: Basis,
}

/// Popular configurations and options of a period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PopularConfigs {
    /// Which configuration of a session counts.
    basis: Basis,
    /// Sessions with a configuration.
    sessions: i64,
    /// Votes: one a session; on the basis `ever` one for each configuration of a session.
    votes: i64,
    /// Different configurations.
    distinct_configurations: i64,
    /// The configurations with the most votes. Shares are of one and the same number of votes, so
    /// that the order by the lower bound of the share is the order by votes.
    configurations: Vec<PopularConfiguration>,
    /// All others together: the shares add up to 1.
    other: Option<OtherConfigurations>,
    /// Every option on offer, and every other that somebody has.
    options: Vec<PopularOption>,
    /// From which option to which sessions went.
    switches: Vec<Switch>,
    /// What the configurations cost.
    prices: PriceReport,
    /// What the report says about itself.
    meta: Meta,
}

/// A configuration and its votes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PopularConfiguration {
    /// Names the configuration.
    configuration_hash: String,
    /// Choice by category.
    #[schema(value_type = Selections)]
    selections: Value,
    /// Votes for it.
    votes: i64,
    /// Of all votes.
    share: Rate,
    /// Votes whose session put something into the cart or completed, of its votes.
    conversion_rate: Rate,
    /// Median of what it cost when it was seen, in cents.
    median_price_cents: Option<i64>,
    /// What it costs under the price list in force, in cents.
    current_price_cents: Option<i64>,
    /// When the latest of its sessions began.
    last_seen_at: DateTime<Utc>,
    /// Compared with the period of the same length before.
    trend: Trend,
}

/// The configurations with the most votes of a kept report.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is taken out of the kept report as it is")]
pub(super) struct KeptTop {
    /// At most five.
    #[schema(max_items = 5)]
    configurations: Vec<PopularConfiguration>,
    /// Median of what all configurations cost, in cents; nothing without sessions.
    median_price_cents: Option<i64>,
    /// When the report was made.
    as_of: DateTime<Utc>,
}

/// The configurations that are not listed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OtherConfigurations {
    /// How many.
    configurations: i64,
    /// Votes for them.
    votes: i64,
    /// Of all votes.
    share: Rate,
}

/// An option and its votes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PopularOption {
    /// The category.
    category: String,
    /// The option.
    option: String,
    /// What visitors call it; nothing where the catalogue does not know it.
    name: Option<String>,
    /// Votes for configurations with it.
    votes: i64,
    /// Votes with it, of those that were shown it and could have chosen it.
    take_rate: Rate,
    /// The same, where the visitor chose it.
    active_take_rate: Rate,
    /// The same, where it was preselected and left so.
    default_take_rate: Rate,
    /// Sessions that chose it and ended without it, of those that ever chose it.
    regret_rate: Rate,
    /// Conversion of votes with it. Associational: who takes it may differ in other ways.
    conversion_with: Rate,
    /// Conversion of votes without it.
    conversion_without: Rate,
    /// Compared with the period of the same length before.
    trend: Trend,
}

/// How many sessions went from one option to another.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Switch {
    category: String,
    from: String,
    to: String,
    sessions: i64,
}

/// Popular configurations and options, take rates, regrets, switches, and the distribution of prices.
/// Named ranges are made by a job every 15 minutes; `meta.asOf` says when.
#[utoipa::path(
    get, path = "/api/admin/analytics/popular-configs", tag = "analytics",
    params(PopularQuery, RangeQuery), security(("admin" = [])),
    responses(
        (status = 200, description = "The report.", body = PopularConfigs),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 422, description = "Unknown range, basis or limit.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn popular_configs(
    cx: Context,
    _: May<ReadAnalytics>,
    Asked { range, query }: Asked<PopularQuery>,
) -> Result<Json<Value>, Problem> {
    let limit = how_many("limit", query.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let name = range.name.filter(|_| range.populations == Populations::default());
    let kept = match name {
        Some(range) => kept_report(&cx.app, range, query.basis, cx.now).await?,
        None => None,
    };
    let report = if let Some(report) = kept {
        report
    } else {
        let queues = queue::status(&cx.app).await.ok();
        let meta = Meta::of_range(METRIC, &range, queues.as_deref(), cx.now);
        json!(report(&cx.app, range.period, query.basis, meta).await?)
    };
    Ok(Json(cut(report, limit)))
}

/// Makes the reports of all named ranges.
pub async fn popular_configurations(run: Run) -> Result<RefreshReport, Problem> {
    refresh(&run.app, run.now, run.budget).await
}

/// What a refresh made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshReport {
    /// Reports made.
    reports: usize,
    /// Whether there was time for all of them.
    complete: bool,
}

/// Makes the reports that were made longest ago first, so that all get their turn where there is not
/// time for all of them.
async fn refresh(
    app: &App,
    now: DateTime<Utc>,
    budget: Duration,
) -> Result<RefreshReport, Problem> {
    let started = Instant::now();
    let made = sqlx::query!("SELECT time_range, basis, refreshed_at FROM popular_configurations")
        .fetch_all(&app.db)
        .await?;
    let last = |(range, basis): &(TimeRange, Basis)| {
        let same =
            made.iter().find(|row| row.time_range == range.as_str() && row.basis == basis.as_str());
        same.map(|row| row.refreshed_at)
    };
    let all = TimeRange::ALL.into_iter();
    let mut due: Vec<_> = all.flat_map(|range| Basis::ALL.map(|basis| (range, basis))).collect();
    due.sort_by_key(last);
    let queues = queue::status(app).await.ok();
    let mut reports = 0;
    for (range, basis) in due {
        if started.elapsed() > budget.mul_f64(BUDGET_SHARE) {
            return Ok(RefreshReport { reports, complete: false });
        }
        let period = Period::ending(now, range);
        let meta = Meta::of(METRIC, Some(period), queues.as_deref(), now);
        let report = report(app, period, basis, meta).await?;
        keep_report(app, range, basis, &json!(report), now).await?;
        reports += 1;
    }
    Ok(RefreshReport { reports, complete: true })
}

/// The configurations at the head of the kept report on a range that has a name.
pub(super) async fn kept_top(
    db: &mut PgConnection,
    range: Option<TimeRange>,
) -> Result<Option<Value>, sqlx::Error> {
    let Some(range) = range else { return Ok(None) };
    let kept = sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('configurations',
                jsonb_path_query_array(report, '$.configurations[0 to 4]'),
            'medianPriceCents', report #> '{prices,distribution,percentiles,p50}',
            'asOf', refreshed_at) AS "top!"
         FROM popular_configurations WHERE time_range = $1 AND basis = $2"#,
        range.as_str(),
        Basis::default().as_str()
    );
    kept.fetch_optional(db).await
}

async fn keep_report(
    app: &App,
    range: TimeRange,
    basis: Basis,
    report: &Value,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO popular_configurations (time_range, basis, refreshed_at, report)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (time_range, basis) DO UPDATE
            SET refreshed_at = excluded.refreshed_at, report = excluded.report
            WHERE popular_configurations.refreshed_at <= excluded.refreshed_at",
        range.as_str(),
        basis.as_str(),
        now,
        report,
    )
    .execute(&app.db)
    .await?;
    Ok(())
}

async fn kept_report(
    app: &App,
    range: TimeRange,
    basis: Basis,
    now: DateTime<Utc>,
) -> Result<Option<Value>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT report FROM popular_configurations
         WHERE time_range = $1 AND basis = $2 AND refreshed_at > $3",
        range.as_str(),
        basis.as_str(),
        now - FRESH_FOR
    )
    .fetch_optional(&app.db)
    .await
}

/// A report with as many configurations as were asked for, and the others together.
fn cut(mut report: Value, limit: usize) -> Value {
    let total = report["votes"].as_i64().unwrap_or_default();
    let distinct = report["distinctConfigurations"].as_i64().unwrap_or_default();
    let Some(listed) = report["configurations"].as_array_mut() else { return report };
    listed.truncate(limit);
    let votes: i64 = listed.iter().filter_map(|listed| listed["votes"].as_i64()).sum();
    let configurations = distinct - i64::try_from(listed.len()).unwrap_or_default();
    let share = Rate::new(total - votes, total);
    report["other"] = json!(OtherConfigurations { configurations, votes: total - votes, share });
    report
}

async fn report(
    app: &App,
    period: Period,
    basis: Basis,
    mut meta: Meta,
) -> Result<PopularConfigs, Problem> {
    let known = price_lists_since(app, meta.as_of).await?;
    let list = known.lists.at(meta.as_of).ok_or(Problem::NotFound("Price list"))?;
    let everybody = meta.population == Populations::All;
    let votes = Votes { period, basis: basis.as_str(), everybody };
    let mut tx = begin_report(&app.db, app.config.job_budget).await?;
    let totals = store::totals(&mut tx, votes).await?;
    let ranking = rank(&mut tx, votes, list).await?;
    let all = (&totals, ranking.votes_before);
    let options = options(&mut tx, votes, all, &list.catalogue).await?;
    let switches = store::switches(&mut tx, votes).await?;
    let question = PriceQuestion { votes, list, repriced: false };
    let prices = price_report(&mut tx, &question).await?;
    meta.excluded = excluded(&mut tx, meta.population, period).await?;
    meta.warn(Warning::AssociationsOnly);
    if totals.observed < totals.votes {
        meta.warn(Warning::UnknownCountsAsShown);
    }
    if basis == Basis::Ordered {
        meta.warn(Warning::NoConfirmedOrder);
    }
    let switch = |row: store::SwitchCount| Switch {
        category: row.category,
        from: row.from,
        to: row.to,
        sessions: row.sessions,
    };
    Ok(PopularConfigs {
        basis,
        sessions: totals.sessions,
        votes: totals.votes,
        distinct_configurations: ranking.distinct,
        configurations: ranking.configurations,
        other: None,
        options,
        switches: switches.into_iter().map(switch).collect(),
        prices,
        meta,
    })
}

/// The configurations with the most votes.
struct Ranking {
    /// How many different ones there are.
    distinct: i64,
    /// Votes in the period of the same length before.
    votes_before: i64,
    configurations: Vec<PopularConfiguration>,
}

async fn rank(
    db: &mut PgConnection,
    votes: Votes<'_>,
    list: &PriceList,
) -> Result<Ranking, sqlx::Error> {
    let limit = i64::try_from(LIMIT_MAX).unwrap_or(i64::MAX);
    let rows = store::top_configurations(db, votes, limit).await?;
    let (total, distinct) = rows.first().map_or((0, 0), |row| (row.total_votes, row.distinct));
    let hashes: Vec<String> = rows.iter().map(|row| row.configuration_hash.clone()).collect();
    let before = Votes { period: votes.period.previous(), ..votes };
    let (votes_before, before) = store::votes_of(db, before, &hashes).await?;
    let before: HashMap<String, i64> = before.into_iter().collect();
    let counts: Vec<TrendCounts> = rows
        .iter()
        .map(|row| TrendCounts {
            decayed: row.decayed,
            recent: row.votes,
            baseline: before.get(&row.configuration_hash).copied().unwrap_or(0),
        })
        .collect();
    let trends = trends(&counts, total, votes_before);
    let configurations = rows.into_iter().zip(trends).map(|(row, trend)| {
        let selections: Option<Selections> = serde_json::from_value(row.selections.clone()).ok();
        PopularConfiguration {
            configuration_hash: row.configuration_hash,
            current_price_cents: selections.map(|chosen| price(&chosen, list).total_cents),
            selections: row.selections,
            votes: row.votes,
            share: Rate::new(row.votes, total),
            conversion_rate: Rate::new(row.converted, row.votes),
            median_price_cents: row.median_price_cents,
            last_seen_at: row.last_seen_at,
            trend,
        }
    });
    Ok(Ranking { distinct, votes_before, configurations: configurations.collect() })
}

type OptionKey = (String, String);

fn by_option(counts: Vec<store::OptionCount>) -> HashMap<OptionKey, i64> {
    counts.into_iter().map(|count| ((count.category, count.option), count.votes)).collect()
}

async fn options(
    db: &mut PgConnection,
    votes: Votes<'_>,
    (totals, votes_before): (&Totals, i64),
    catalogue: &Catalogue,
) -> Result<Vec<PopularOption>, sqlx::Error> {
    let taken = with_all_on_offer(store::options(db, votes).await?, catalogue);
    let excluded = by_option(store::excluded_counts(db, votes, &exclusions(catalogue)).await?);
    let (categories, defaults) = preselected(catalogue);
    let regrets = store::regrets(db, votes, (&categories, &defaults)).await?;
    let regrets: HashMap<OptionKey, Rate> = regrets
        .into_iter()
        .map(|row| ((row.category, row.option), Rate::new(row.left, row.ever)))
        .collect();
    let before = Votes { period: votes.period.previous(), ..votes };
    let before = by_option(store::option_counts(db, before).await?);
    let key = |row: &OptionVotes| (row.category.clone(), row.option.clone());
    let counts: Vec<TrendCounts> = taken
        .iter()
        .map(|row| TrendCounts {
            decayed: row.decayed,
            recent: row.votes,
            baseline: before.get(&key(row)).copied().unwrap_or(0),
        })
        .collect();
    let trends = trends(&counts, totals.votes, votes_before);
    let options = taken.into_iter().zip(trends).map(|(row, trend)| {
        let key = key(&row);
        let excluded = excluded.get(&key).copied().unwrap_or(0);
        let could_take = totals.votes - totals.observed + row.shown - excluded;
        let regret_rate = regrets.get(&key).copied().unwrap_or_else(|| Rate::new(0, 0));
        popular_option(row, could_take, regret_rate, (totals, catalogue), trend)
    });
    Ok(options.collect())
}

fn popular_option(
    row: OptionVotes,
    could_take: i64,
    regret_rate: Rate,
    (totals, catalogue): (&Totals, &Catalogue),
    trend: Trend,
) -> PopularOption {
    let known = catalogue.category(&row.category).and_then(|category| category.option(&row.option));
    let active =
        if known.is_some_and(|option| option.default) { row.selected } else { row.exposed };
    PopularOption {
        name: known.map(|option| option.name.clone()),
        votes: row.votes,
        take_rate: Rate::new(row.exposed, could_take),
        active_take_rate: Rate::new(active, could_take),
        default_take_rate: Rate::new(row.exposed - active, could_take),
        regret_rate,
        conversion_with: Rate::new(row.converted, row.votes),
        conversion_without: Rate::new(totals.converted - row.converted, totals.votes - row.votes),
        trend,
        category: row.category,
        option: row.option,
    }
}

/// The options on offer in the order of the catalogue, then those that it does not offer.
fn with_all_on_offer(taken: Vec<OptionVotes>, catalogue: &Catalogue) -> Vec<OptionVotes> {
    let mut taken: HashMap<OptionKey, OptionVotes> =
        taken.into_iter().map(|row| ((row.category.clone(), row.option.clone()), row)).collect();
    let on_offer = catalogue.categories().iter().filter(|category| !category.retired);
    let mut all: Vec<OptionVotes> = on_offer
        .flat_map(|category| category.options.iter().map(move |option| (category, option)))
        .map(|(category, option)| {
            let key = (category.id.clone(), option.id.clone());
            let none = || OptionVotes {
                category: category.id.clone(),
                option: option.id.clone(),
                ..OptionVotes::default()
            };
            taken.remove(&key).unwrap_or_else(none)
        })
        .collect();
    let mut others: Vec<OptionVotes> = taken.into_values().filter(|row| row.votes > 0).collect();
    others.sort_by(|a, b| (&a.category, &a.option).cmp(&(&b.category, &b.option)));
    all.extend(others);
    all
}

/// Categories and their preselected options.
fn preselected(catalogue: &Catalogue) -> (Vec<String>, Vec<String>) {
    let default =
        |category: &Category| Some((category.id.clone(), category.default_option()?.id.clone()));
    catalogue.categories().iter().filter_map(default).unzip()
}

/// The pairs of options that rules keep apart, both ways.
fn exclusions(catalogue: &Catalogue) -> Exclusions {
    let options = |selector: &Selector| -> Vec<OptionKey> {
        let all = catalogue.category(&selector.category).into_iter().flat_map(|of| &of.options);
        let meant = all.filter(|option| selector.means(&option.id));
        meant.map(|option| (selector.category.clone(), option.id.clone())).collect()
    };
    let mut exclusions = Exclusions::default();
    for rule in catalogue.rules().iter().filter(|rule| rule.kind == RuleKind::Excludes) {
        let (some, others) = (options(&rule.when), options(&rule.other));
        let pairs = some.iter().flat_map(|one| others.iter().map(move |other| (one, other)));
        for ((category, option), (other_category, other_option)) in
            pairs.flat_map(|(one, other)| [(one, other), (other, one)])
        {
            exclusions.categories.push(category.clone());
            exclusions.options.push(option.clone());
            exclusions.other_categories.push(other_category.clone());
            exclusions.other_options.push(other_option.clone());
        }
    }
    exclusions
}
