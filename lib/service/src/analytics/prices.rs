//! What configurations cost: percentiles, bins and slices, from one pass over the votes
//! (definitions b5).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use nest_haus_domain::analytics::{Distribution, Percentiles, Period, PriceCount};
use nest_haus_domain::configurator::{PriceList, Selections, price};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::change::{ComparedCount, ratio};
use super::popular_store::Votes;

/// What nobody said.
const NOT_SET: &str = "(not set)";

/// What configurations cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PriceReport {
    /// ISO 4217 code of all amounts.
    currency: String,
    /// Votes with something whose price must be asked for: they are in no price below.
    on_request: i64,
    /// Percentiles and bins of all prices, in cents.
    distribution: Distribution,
    /// Prices by size.
    by_base: Vec<PriceSlice>,
    /// Prices by the session's status.
    by_status: Vec<PriceSlice>,
    /// Prices by the campaign's source.
    by_source: Vec<PriceSlice>,
    /// Prices by the price list that was in force.
    by_price_list_version: Vec<PriceSlice>,
}

/// What some configurations cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PriceSlice {
    /// What they have in common; `(not set)` where nothing is known.
    value: String,
    /// Votes for them.
    votes: i64,
    /// A quarter costs at most this, in cents.
    p25_cents: i64,
    /// Half of them cost at most this, in cents.
    p50_cents: i64,
    /// Three quarters cost at most this, in cents.
    p75_cents: i64,
}

/// What configurations cost in the period that is compared with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PriceComparison {
    /// First instant covered.
    from: DateTime<Utc>,
    /// First instant after it.
    to: DateTime<Utc>,
    /// Sessions with a price.
    sessions: ComparedCount,
    /// Votes with something whose price must be asked for.
    on_request: ComparedCount,
    /// Percentiles of all prices, in cents; nothing without sessions.
    percentiles: Option<Percentiles>,
    /// How the period's percentiles differ from these.
    changes: Option<PercentileChanges>,
}

/// How percentiles changed: by their ratio less one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PercentileChanges {
    /// Of the lower quartile.
    p25: Option<f64>,
    /// Of the median.
    p50: Option<f64>,
    /// Of the upper quartile.
    p75: Option<f64>,
}

impl PriceComparison {
    /// Compares prices with those of another period.
    pub(super) fn of(period: Period, after: &PriceReport, before: &PriceReport) -> Self {
        let percentiles = before.distribution.percentiles;
        let known = after.distribution.percentiles.zip(percentiles);
        Self {
            from: period.from,
            to: period.to,
            sessions: ComparedCount::of(after.distribution.sessions, before.distribution.sessions),
            on_request: ComparedCount::of(after.on_request, before.on_request),
            percentiles,
            changes: known.map(|(after, before)| PercentileChanges {
                p25: ratio(after.p25, before.p25),
                p50: ratio(after.p50, before.p50),
                p75: ratio(after.p75, before.p75),
            }),
        }
    }
}

/// Whose prices, and by which list.
pub(super) struct PriceQuestion<'a> {
    pub(super) votes: Votes<'a>,
    /// The list in force.
    pub(super) list: &'a PriceList,
    /// Whether everything is priced by that list, and not by the one that was in force.
    pub(super) repriced: bool,
}

/// A vote, by what prices are reported by.
struct PriceVote {
    price_cents: i64,
    on_request: bool,
    selections: Option<Value>,
    base: Option<String>,
    status: String,
    source: Option<String>,
    price_list_version: Option<i32>,
}

/// The prices of a question.
pub(super) async fn price_report(
    db: &mut PgConnection,
    question: &PriceQuestion<'_>,
) -> Result<PriceReport, sqlx::Error> {
    let mut tally = Tally::default();
    let mut rows = sqlx::query_as!(
        PriceVote,
        r#"SELECT price_cents AS "price_cents!", on_request AS "on_request!",
            CASE WHEN $5 THEN (
                SELECT selections FROM configurations
                WHERE configurations.configuration_hash = vote.configuration_hash) END AS selections,
            base, status::text AS "status!", source, price_list_version
         FROM configuration_votes($1, $2, $3, $4) AS vote"#,
        question.votes.period.from,
        question.votes.period.to,
        question.votes.basis,
        question.votes.everybody,
        question.repriced
    )
    .fetch(db);
    while let Some(row) = rows.try_next().await? {
        tally.count(question.price(row)?);
    }
    Ok(tally.report(&question.list.catalogue.document().currency))
}

impl PriceQuestion<'_> {
    /// The row with the price that counts.
    fn price(&self, mut row: PriceVote) -> Result<PriceVote, sqlx::Error> {
        if let Some(selections) = row.selections.take() {
            let selections: Selections = serde_json::from_value(selections)
                .map_err(|error| sqlx::Error::Decode(error.into()))?;
            let quote = price(&selections, self.list);
            row.price_cents = quote.total_cents;
            row.on_request = !quote.on_request.is_empty();
        }
        Ok(row)
    }
}

/// Votes by price.
type Prices = BTreeMap<i64, i64>;

/// Votes by price, of all and of each slice.
#[derive(Default)]
struct Tally {
    on_request: i64,
    all: Prices,
    by_base: BTreeMap<String, Prices>,
    by_status: BTreeMap<String, Prices>,
    by_source: BTreeMap<String, Prices>,
    by_price_list_version: BTreeMap<String, Prices>,
}

impl Tally {
    fn count(&mut self, row: PriceVote) {
        if row.on_request {
            self.on_request += 1;
            return;
        }
        let version = row.price_list_version.map(|version| version.to_string());
        let slices = [
            (&mut self.by_base, row.base),
            (&mut self.by_status, Some(row.status)),
            (&mut self.by_source, row.source),
            (&mut self.by_price_list_version, version),
        ];
        for (slice, value) in slices {
            let prices = slice.entry(value.unwrap_or_else(|| NOT_SET.to_owned())).or_default();
            *prices.entry(row.price_cents).or_default() += 1;
        }
        *self.all.entry(row.price_cents).or_default() += 1;
    }

    fn report(self, currency: &str) -> PriceReport {
        PriceReport {
            currency: currency.to_owned(),
            on_request: self.on_request,
            distribution: distribution(&self.all),
            by_base: slices(self.by_base),
            by_status: slices(self.by_status),
            by_source: slices(self.by_source),
            by_price_list_version: slices(self.by_price_list_version),
        }
    }
}

fn distribution(prices: &Prices) -> Distribution {
    let count = |(&price_cents, &sessions): (&i64, &i64)| PriceCount { price_cents, sessions };
    Distribution::of(&prices.iter().map(count).collect::<Vec<_>>())
}

/// The slices with the most votes first; of equal ones by their names.
fn slices(by_value: BTreeMap<String, Prices>) -> Vec<PriceSlice> {
    let slices = by_value.into_iter().filter_map(|(value, prices)| {
        let distribution = distribution(&prices);
        let percentiles = distribution.percentiles?;
        Some(PriceSlice {
            value,
            votes: distribution.sessions,
            p25_cents: percentiles.p25,
            p50_cents: percentiles.p50,
            p75_cents: percentiles.p75,
        })
    });
    let mut slices: Vec<PriceSlice> = slices.collect();
    slices.sort_by_key(|slice| std::cmp::Reverse(slice.votes));
    slices
}
