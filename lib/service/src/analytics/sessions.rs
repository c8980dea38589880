//! Sessions listed and searched, visit by visit.

use axum::Json;
use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::Status;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::cursor;
use super::meta::{Meta, excluded};
use super::range::{Asked, Range, RangeQuery};
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, FieldError, Problem, ProblemDocument};
use crate::platform::begin_report;
use crate::queue;

/// Most visits of a page.
const LIMIT_MAX: i64 = 200;

/// Visits of a page where nobody says how many.
const LIMIT_DEFAULT: i64 = 50;

/// Visits are counted up to this number.
const COUNT_MAX: i64 = 1000;

/// Longest beginning of a session id that is searched for.
const SEARCH_CHARS_MAX: usize = 128;

/// Which visits, in which order, and which part of the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct SessionsQuery {
    /// Beginning of the session id.
    search: Option<String>,
    /// `ACTIVE`, `ABANDONED`, `IN_CART`, `COMPLETED` or `CONVERTED`: the session's present status.
    status: Option<String>,
    /// `desktop`, `mobile`, `tablet`, ...
    device: Option<String>,
    /// Where visits came from.
    channel: Option<String>,
    /// Two letters, `AT` for example.
    country: Option<String>,
    /// A page or category that is among the first 20 steps of the visit's path.
    page: Option<String>,
    /// Least price of the session's latest configuration, in cents.
    min_price_cents: Option<i64>,
    /// Greatest price of the session's latest configuration, in cents.
    max_price_cents: Option<i64>,
    /// Whether something was configured.
    has_configuration: Option<bool>,
    /// Whether something went into the cart.
    has_cart: Option<bool>,
    /// Whether a configuration was completed.
    has_completion: Option<bool>,
    /// Whether there is a confirmed order.
    has_order: Option<bool>,
    /// `newest` (default), `price` or `engaged`: the latest, dearest or longest engaged first.
    sort: Option<String>,
    /// Most visits, 1 to 200 (default 50).
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// A page of the list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sessions {
    /// The visits in the order that was asked for.
    visits: Vec<SessionVisit>,
    /// Where the next page begins; nothing on the last.
    next_cursor: Option<String>,
    /// How many visits match in all; the least number where `countIsLeast`.
    count: i64,
    /// There are more than were counted.
    count_is_least: bool,
    /// What the report says about itself.
    meta: Meta,
}

/// A visit with what is known of its session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SessionVisit {
    #[serde(skip)]
    session_key: Uuid,
    /// The session.
    session_id: String,
    /// The visit's number in the session.
    number: i32,
    started_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
    /// Whom it counts for.
    population: String,
    /// The session's present status.
    status: String,
    bounced: bool,
    /// How far it came in the configurator funnel, 1 to 5.
    funnel_level: i16,
    page_views: i32,
    interactions: i32,
    selections: i32,
    snapshots: i32,
    duration_ms: i64,
    engaged_ms: i64,
    cart_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    ordered_at: Option<DateTime<Utc>>,
    device: String,
    channel: String,
    source: Option<String>,
    campaign: Option<String>,
    country: Option<String>,
    entry_page: Option<String>,
    exit_page: Option<String>,
    last_event: Option<String>,
    /// Price of the session's latest configuration, in cents.
    price_cents: Option<i64>,
    configuration_hash: Option<String>,
    completion: Option<f64>,
}

/// Orders of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Sort {
    Newest,
    Price,
    Engaged,
}

impl Sort {
    const ALL: [Self; 3] = [Self::Newest, Self::Price, Self::Engaged];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Price => "price",
            Self::Engaged => "engaged",
        }
    }
}

/// A place in an order: what the order goes by, and what decides between equals.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Place {
    sort: Sort,
    /// Microseconds, cents or milliseconds.
    amount: i64,
    session_key: Uuid,
    number: i32,
}

impl Place {
    /// Before the first of all.
    const fn first(sort: Sort) -> Self {
        Self { sort, amount: i64::MAX, session_key: Uuid::max(), number: i32::MAX }
    }

    fn of(visit: &SessionVisit, sort: Sort) -> Self {
        let amount = match sort {
            Sort::Newest => visit.started_at.timestamp_micros(),
            Sort::Price => visit.price_cents.unwrap_or(NO_PRICE),
            Sort::Engaged => visit.engaged_ms,
        };
        let SessionVisit { session_key, number, .. } = *visit;
        Self { sort, amount, session_key, number }
    }

    fn at(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.amount).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// Stands for no price where prices are ordered.
const NO_PRICE: i64 = -1;

/// Which visits of which range, in which order from which place on.
struct Question {
    range: Range,
    populations: Vec<String>,
    /// What the function `matching_visits` filters by; what is absent filters nothing.
    filter: Value,
    after: Place,
    limit: i64,
}

/// Visits with their sessions, by filters, in one of three orders.
#[utoipa::path(
    get, path = "/api/admin/analytics/sessions", tag = "analytics",
    params(SessionsQuery, RangeQuery), security(("admin" = [])),
    responses(
        (status = 200, description = "A page of the list.", body = Sessions),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not permitted.", body = ProblemDocument),
        (status = 422, description = "A parameter is unknown or not allowed.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn list_sessions(
    cx: Context,
    _: May<ReadAnalytics>,
    Asked { range, query }: Asked<SessionsQuery>,
) -> Result<Json<Sessions>, Problem> {
    let question = Question::of(query, range)?;
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("sessions", &range, queues.as_deref(), cx.now);
    let mut tx = begin_report(&cx.app.db, cx.app.config.request_timeout).await?;
    let count = count(&mut tx, &question).await?;
    let mut visits = visits(&mut tx, &question, count).await?;
    meta.excluded = excluded(&mut tx, range.populations, range.period).await?;
    meta.approx = count > COUNT_MAX;
    let page = usize::try_from(question.limit).unwrap_or_default();
    let more = visits.len() > page;
    visits.truncate(page);
    let last = visits.last().filter(|_| more);
    Ok(Json(Sessions {
        next_cursor: last.and_then(|last| cursor::encode(&Place::of(last, question.after.sort))),
        visits,
        count: count.min(COUNT_MAX),
        count_is_least: count > COUNT_MAX,
        meta,
    }))
}

fn refuse<T>(field: &str, message: &str) -> Result<T, Problem> {
    Err(Problem::field(FieldError::new(field, "invalid", message)))
}

impl Question {
    fn of(query: SessionsQuery, range: Range) -> Result<Self, Problem> {
        let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return refuse("limit", "must be 1 to 200");
        }
        let name = query.sort.as_deref().unwrap_or(Sort::Newest.as_str());
        let Some(sort) = Sort::ALL.into_iter().find(|sort| sort.as_str() == name) else {
            return refuse("sort", "must be newest, price or engaged");
        };
        let after = match query.cursor.as_deref() {
            None => Place::first(sort),
            Some(text) => cursor::decode(text)?,
        };
        if after.sort != sort {
            return refuse("cursor", "is of a list in another order");
        }
        let populations = range.populations.names();
        Ok(Self { range, populations, filter: query.filter()?, after, limit })
    }
}

impl SessionsQuery {
    fn filter(self) -> Result<Value, Problem> {
        let status = self.status.as_deref();
        if status.is_some_and(|name| Status::ALL.iter().all(|status| status.as_str() != name)) {
            return refuse("status", "must be ACTIVE, ABANDONED, IN_CART, COMPLETED or CONVERTED");
        }
        if self.search.as_ref().is_some_and(|text| text.chars().count() > SEARCH_CHARS_MAX) {
            return refuse(
                "search",
                "must be at most 128 characters, the beginning of a session id",
            );
        }
        for (field, cents) in
            [("minPriceCents", self.min_price_cents), ("maxPriceCents", self.max_price_cents)]
        {
            if cents.is_some_and(|cents| cents < 0) {
                return refuse(field, "must not be negative");
            }
        }
        let mut filter = json!({
            "sessionPattern": self.search.as_deref().map(beginning_with),
            "status": self.status,
            "device": self.device,
            "channel": self.channel,
            "country": self.country,
            "page": self.page,
            "minPriceCents": self.min_price_cents,
            "maxPriceCents": self.max_price_cents,
            "hasConfiguration": self.has_configuration,
            "hasCart": self.has_cart,
            "hasCompletion": self.has_completion,
            "hasOrder": self.has_order,
        });
        if let Some(all) = filter.as_object_mut() {
            all.retain(|_, value| !value.is_null());
        }
        Ok(filter)
    }
}

/// The pattern of `LIKE` for texts that begin so.
fn beginning_with(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        if matches!(character, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern + "%"
}

/// The page that was asked for and one visit more, which says whether there is another page. Few
/// visits are found by what they are filtered by, and sorted; of many, those next in the order that was
/// asked for are soon found in that order.
async fn visits(
    db: &mut PgConnection,
    question: &Question,
    count: i64,
) -> Result<Vec<SessionVisit>, sqlx::Error> {
    match question.after.sort {
        _ if count <= COUNT_MAX => sorted(db, question).await,
        Sort::Newest => newest(db, question).await,
        Sort::Price => dearest(db, question).await,
        Sort::Engaged => longest_engaged(db, question).await,
    }
}

async fn sorted(
    db: &mut PgConnection,
    question: &Question,
) -> Result<Vec<SessionVisit>, sqlx::Error> {
    sqlx::query_as!(
        SessionVisit,
        r#"SELECT session_key AS "session_key!", number AS "number!", session_id AS "session_id!",
            started_at AS "started_at!", ended_at AS "ended_at!",
            population::text AS "population!", status::text AS "status!", bounced AS "bounced!",
            funnel_level AS "funnel_level!", page_views AS "page_views!",
            interactions AS "interactions!", selections AS "selections!",
            snapshots AS "snapshots!", duration_ms AS "duration_ms!",
            engaged_ms AS "engaged_ms!", cart_at, completed_at, ordered_at, device AS "device!",
            channel AS "channel!", source, campaign, country, entry_page, exit_page, last_event,
            nullif(price_cents, -1) AS price_cents, configuration_hash, completion
         FROM (
            SELECT *, CASE $5 WHEN 'price' THEN price_cents WHEN 'engaged' THEN engaged_ms
                ELSE (1000000 * extract(epoch FROM started_at))::bigint END AS amount
            FROM matching_visits($1, $2, $3::text[]::population[], $4) OFFSET 0) AS visit
         WHERE (amount, session_key, number) < ($6, $7, $8)
         ORDER BY amount DESC, session_key DESC, number DESC LIMIT $9"#,
        question.range.period.from,
        question.range.period.to,
        &question.populations,
        question.filter,
        question.after.sort.as_str(),
        question.after.amount,
        question.after.session_key,
        question.after.number,
        question.limit + 1
    )
    .fetch_all(db)
    .await
}

async fn newest(
    db: &mut PgConnection,
    question: &Question,
) -> Result<Vec<SessionVisit>, sqlx::Error> {
    sqlx::query_as!(
        SessionVisit,
        r#"SELECT session_key AS "session_key!", number AS "number!", session_id AS "session_id!",
            started_at AS "started_at!", ended_at AS "ended_at!",
            population::text AS "population!", status::text AS "status!", bounced AS "bounced!",
            funnel_level AS "funnel_level!", page_views AS "page_views!",
            interactions AS "interactions!", selections AS "selections!",
            snapshots AS "snapshots!", duration_ms AS "duration_ms!",
            engaged_ms AS "engaged_ms!", cart_at, completed_at, ordered_at, device AS "device!",
            channel AS "channel!", source, campaign, country, entry_page, exit_page, last_event,
            nullif(price_cents, -1) AS price_cents, configuration_hash, completion
         FROM matching_visits($1, $2, $3::text[]::population[], $4) AS visit
         WHERE (visit.started_at, session_key, number) < ($5, $6, $7)
         ORDER BY visit.started_at DESC, session_key DESC, number DESC LIMIT $8"#,
        question.range.period.from,
        question.range.period.to,
        &question.populations,
        question.filter,
        question.after.at(),
        question.after.session_key,
        question.after.number,
        question.limit + 1
    )
    .fetch_all(db)
    .await
}

async fn dearest(
    db: &mut PgConnection,
    question: &Question,
) -> Result<Vec<SessionVisit>, sqlx::Error> {
    sqlx::query_as!(
        SessionVisit,
        r#"SELECT session_key AS "session_key!", number AS "number!", session_id AS "session_id!",
            started_at AS "started_at!", ended_at AS "ended_at!",
            population::text AS "population!", status::text AS "status!", bounced AS "bounced!",
            funnel_level AS "funnel_level!", page_views AS "page_views!",
            interactions AS "interactions!", selections AS "selections!",
            snapshots AS "snapshots!", duration_ms AS "duration_ms!",
            engaged_ms AS "engaged_ms!", cart_at, completed_at, ordered_at, device AS "device!",
            channel AS "channel!", source, campaign, country, entry_page, exit_page, last_event,
            nullif(price_cents, -1) AS price_cents, configuration_hash, completion
         FROM matching_visits($1, $2, $3::text[]::population[], $4) AS visit
         WHERE (visit.price_cents, session_key, number) < ($5, $6, $7)
         ORDER BY visit.price_cents DESC, session_key DESC, number DESC LIMIT $8"#,
        question.range.period.from,
        question.range.period.to,
        &question.populations,
        question.filter,
        question.after.amount,
        question.after.session_key,
        question.after.number,
        question.limit + 1
    )
    .fetch_all(db)
    .await
}

async fn longest_engaged(
    db: &mut PgConnection,
    question: &Question,
) -> Result<Vec<SessionVisit>, sqlx::Error> {
    sqlx::query_as!(
        SessionVisit,
        r#"SELECT session_key AS "session_key!", number AS "number!", session_id AS "session_id!",
            started_at AS "started_at!", ended_at AS "ended_at!",
            population::text AS "population!", status::text AS "status!", bounced AS "bounced!",
            funnel_level AS "funnel_level!", page_views AS "page_views!",
            interactions AS "interactions!", selections AS "selections!",
            snapshots AS "snapshots!", duration_ms AS "duration_ms!",
            engaged_ms AS "engaged_ms!", cart_at, completed_at, ordered_at, device AS "device!",
            channel AS "channel!", source, campaign, country, entry_page, exit_page, last_event,
            nullif(price_cents, -1) AS price_cents, configuration_hash, completion
         FROM matching_visits($1, $2, $3::text[]::population[], $4) AS visit
         WHERE (visit.engaged_ms, session_key, number) < ($5, $6, $7)
         ORDER BY visit.engaged_ms DESC, session_key DESC, number DESC LIMIT $8"#,
        question.range.period.from,
        question.range.period.to,
        &question.populations,
        question.filter,
        question.after.amount,
        question.after.session_key,
        question.after.number,
        question.limit + 1
    )
    .fetch_all(db)
    .await
}

/// How many visits match, up to one more than [`COUNT_MAX`].
async fn count(db: &mut PgConnection, question: &Question) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
            SELECT FROM matching_visits($1, $2, $3::text[]::population[], $4) LIMIT $5) AS matching"#,
        question.range.period.from,
        question.range.period.to,
        &question.populations,
        question.filter,
        COUNT_MAX + 1
    )
    .fetch_one(db)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_patterns_in_a_search_mean_themselves() {
        assert_eq!(beginning_with("client_1%\\"), r"client\_1\%\\%");
    }
}
