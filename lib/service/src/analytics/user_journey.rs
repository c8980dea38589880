//! Everything that happened in one session, in order, with what is missing (definitions b6).

use std::collections::HashMap;

use axum::Json;
use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{Dwell, Gap, Moment, PAUSE_MAX, dwells, gaps};
use nest_haus_domain::tracking::{Register, SessionFacts, SessionId, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::cursor;
use super::meta::{Meta, Warning};
use super::user_journey_store::{
    self as store, Chosen, ConfigurationDetail, ConfigurationState, EVENTS_MAX, EventPlace,
    FactDetail, InteractionDetail, MeasurementDetail, Outline, PaymentDetail, Source, VisitDetail,
};
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, FieldError, Only, Problem, ProblemDocument, how_many};
use crate::platform::begin_report;
use crate::queue;
use crate::tracking::sessions::facts_of;

/// Most rows of a page.
const LIMIT_MAX: usize = 500;

/// Rows of a page where nobody says how many.
const LIMIT_DEFAULT: usize = 200;

/// Whose journey, and which part.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct JourneyQuery {
    /// The session's id.
    session_id: Option<String>,
    /// Most rows, 1 to 500 (default 200).
    limit: Option<usize>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// A moment (RFC 3339) or the id of a row: `state` is the configuration at that point.
    at: Option<String>,
}

/// A page of a session's journey.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserJourney {
    /// The session.
    session: JourneyHead,
    /// What happened, in order.
    rows: Vec<JourneyRow>,
    /// Where the next page begins; nothing on the last.
    next_cursor: Option<String>,
    /// The configuration at the point that was asked for; nothing where none was, or none is there.
    state: Option<ConfigurationState>,
    /// What the report says about itself.
    meta: Meta,
}

/// A session in short. `status` and times hold what is still in the queue too.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct JourneyHead {
    session_id: String,
    status: Status,
    started_at: Option<DateTime<Utc>>,
    last_activity_at: Option<DateTime<Utc>>,
    /// Stored events.
    events: usize,
    visits: usize,
    /// Numbered events that are not stored.
    missing: i64,
}

/// Something that happened, or did not.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct JourneyRow {
    /// The event's id; nothing for rows that are no event.
    id: Option<Uuid>,
    /// When.
    at: DateTime<Utc>,
    /// The tab.
    tab_id: Option<String>,
    /// The event's number in the tab.
    seq: Option<i64>,
    /// The visit that it belongs to.
    visit: Option<i32>,
    /// Too old on arrival for live numbers.
    late: bool,
    /// How long the configuration stood after it; only where it changed the configuration.
    dwell: Option<Dwell>,
    #[serde(flatten)]
    what: What,
}

/// What a row is about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", tag = "kind")]
enum What {
    /// A visit begins.
    Visit(VisitDetail),
    /// Numbered events of a tab are missing here.
    Gap(GapDetail),
    /// The visitor did something.
    Interaction(InteractionDetail),
    /// Something went wrong in the browser.
    Error(InteractionDetail),
    /// The configuration as it was then.
    Configuration(ConfigurationDetail),
    /// A fact about the session.
    Fact(FactDetail),
    /// A measurement.
    Measurement(MeasurementDetail),
    /// Money came in or went back.
    Payment(PaymentDetail),
}

/// Events that a tab numbered and that are not stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GapDetail {
    /// First missing number.
    first: i64,
    /// Last missing number.
    last: i64,
    /// How many are missing.
    count: i64,
    /// Of these, how many arrived and were refused.
    refused: usize,
}

/// A place in the order of rows: that of an event, and before or after it what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place(DateTime<Utc>, i64, Uuid, Rank);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Rank {
    Visit,
    Gap,
    Event,
    LastGap,
    Payment,
}

/// Everything about one session but the details of its events.
struct Session {
    id: SessionId,
    events: Vec<Outline>,
    moments: Vec<Moment>,
    visits: Vec<VisitDetail>,
    payments: Vec<PaymentDetail>,
    gaps: Vec<Gap>,
    refused: Vec<(String, i64)>,
}

/// The journey of one session: what the visitor did, how the configuration and its price changed
/// and how long each choice stood, measurements, errors, facts, payments, and where events are
/// missing. Events that are still in the queue are not in it.
#[utoipa::path(
    get, path = "/api/admin/analytics/user-journey", tag = "analytics", params(JourneyQuery),
    security(("admin" = [])),
    responses(
        (status = 200, description = "A page of the journey.", body = UserJourney),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not permitted.", body = ProblemDocument),
        (status = 404, description = "Unknown session.", body = ProblemDocument),
        (status = 422, description = "No session named, or a bad parameter.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn user_journey(
    cx: Context,
    _: May<ReadAnalytics>,
    Only(query): Only<JourneyQuery>,
) -> Result<Json<UserJourney>, Problem> {
    let limit = how_many("limit", query.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let after: Option<Place> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    let id = session_id(query.session_id)?;
    let facts = facts_of(&cx, &id).await?;
    if facts.is_empty() {
        return Err(Problem::NotFound("Session"));
    }
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of("user_journey", None, queues.as_deref(), cx.now);
    let mut tx = begin_report(&cx.app.db, cx.app.config.request_timeout).await?;
    let session = Session::read(&mut tx, id).await?;
    meta.partial = session.visits.last().is_none_or(|last| cx.now < last.ended_at + PAUSE_MAX);
    let state = match query.at {
        Some(at) => {
            let place = session.place_of(&at)?;
            store::state_at(&mut tx, session.key(), place).await?
        }
        None => None,
    };
    if i64::try_from(session.events.len()).is_ok_and(|events| events >= EVENTS_MAX) {
        meta.approx = true;
        meta.warn(Warning::FirstEventsOnly);
    }
    let mut items = session.items();
    let first = after.map_or(0, |after| items.partition_point(|(place, _)| *place <= after));
    let more = items.len() > first + limit;
    let page: Vec<_> = items.drain(first..).take(limit).collect();
    let last = page.last().filter(|_| more).map(|(place, _)| *place);
    Ok(Json(UserJourney {
        session: session.in_short(&facts),
        rows: session.rows(&cx, &mut tx, &page).await?,
        next_cursor: last.and_then(|last| cursor::encode(&last)),
        state,
        meta,
    }))
}

fn session_id(text: Option<String>) -> Result<SessionId, Problem> {
    let text = text.ok_or_else(|| Problem::field(FieldError::required("sessionId")))?;
    SessionId::try_from(text)
        .map_err(|error| Problem::field(FieldError::new("sessionId", "invalid", error.to_string())))
}

/// What a row shows.
#[derive(Debug, Clone, Copy)]
enum Item<'a> {
    Visit(&'a VisitDetail),
    Gap(&'a Gap),
    Event(usize),
    Payment(&'a PaymentDetail),
}

impl Session {
    async fn read(db: &mut PgConnection, id: SessionId) -> Result<Self, sqlx::Error> {
        let key = id.key().as_uuid();
        let events = store::outline(db, key).await?;
        let moments: Vec<Moment> = events.iter().map(|event| event.moment.clone()).collect();
        let gaps = gaps(&moments, &store::emitted(db, key).await?);
        Ok(Self {
            id,
            events,
            moments,
            visits: store::visits(db, key).await?,
            payments: store::payments(db, key).await?,
            gaps,
            refused: store::refused(db, key).await?,
        })
    }

    fn key(&self) -> Uuid {
        self.id.key().as_uuid()
    }

    fn in_short(&self, facts: &SessionFacts) -> JourneyHead {
        JourneyHead {
            session_id: self.id.as_str().to_owned(),
            status: facts.status(),
            started_at: facts.at(&Register::Started),
            last_activity_at: facts.at(&Register::LastActivity),
            events: self.events.len(),
            visits: self.visits.len(),
            missing: self.gaps.iter().map(Gap::count).sum(),
        }
    }

    /// The place that `at` names: the end of a moment, or an event.
    fn place_of(&self, at: &str) -> Result<EventPlace, Problem> {
        if let Ok(moment) = at.parse::<DateTime<Utc>>() {
            return Ok((moment, i64::MAX, Uuid::max()));
        }
        let id = at.parse::<Uuid>().ok();
        let named = self.events.iter().find(|event| Some(event.event_id) == id);
        named.map(event_place).ok_or_else(|| {
            let message = "must be a moment in RFC 3339 or the id of one of the session's rows";
            Problem::field(FieldError::new("at", "invalid", message))
        })
    }

    /// All rows in order, without their details.
    fn items(&self) -> Vec<(Place, Item<'_>)> {
        let place = |event: &Outline, rank| {
            let (at, seq, id) = event_place(event);
            Place(at, seq, id, rank)
        };
        let events = self.events.iter().enumerate();
        let events = events.map(|(index, event)| (place(event, Rank::Event), Item::Event(index)));
        let visits = self.visits.iter().map(|visit| {
            let first = self.events.iter().find(|event| event.moment.at >= visit.started_at);
            let alone = Place(visit.started_at, 0, Uuid::nil(), Rank::Visit);
            (first.map_or(alone, |event| place(event, Rank::Visit)), Item::Visit(visit))
        });
        let gaps = self.gaps.iter().filter_map(|gap| {
            let at = match gap.before {
                Some(next) => place(self.events.get(next)?, Rank::Gap),
                None => place(self.last_of(&gap.tab)?, Rank::LastGap),
            };
            Some((at, Item::Gap(gap)))
        });
        let payments = self.payments.iter().map(|payment| {
            let at = Place(payment.paid_at, i64::MAX, Uuid::max(), Rank::Payment);
            (at, Item::Payment(payment))
        });
        let mut items: Vec<_> = visits.chain(gaps).chain(events).chain(payments).collect();
        items.sort_by_key(|(place, _)| *place);
        items
    }

    /// The last event of a tab, of the whole session where nothing of the tab is there.
    fn last_of(&self, tab: &str) -> Option<&Outline> {
        let of_tab = self.events.iter().rfind(|event| event.moment.tab.as_deref() == Some(tab));
        of_tab.or_else(|| self.events.last())
    }

    async fn rows(
        &self,
        cx: &Context,
        db: &mut PgConnection,
        page: &[(Place, Item<'_>)],
    ) -> Result<Vec<JourneyRow>, sqlx::Error> {
        let mut details = self.details(db, page).await?;
        let dwells = dwells(&self.moments);
        let rows = page.iter().filter_map(|(place, item)| {
            let row = JourneyRow {
                id: None,
                at: place.0,
                tab_id: None,
                seq: None,
                visit: self.visit_at(place.0),
                late: false,
                dwell: None,
                what: match item {
                    Item::Visit(visit) => What::Visit((*visit).clone()),
                    Item::Payment(payment) => What::Payment((*payment).clone()),
                    Item::Gap(gap) => What::Gap(self.gap_detail(gap)),
                    Item::Event(index) => details.remove(&self.events.get(*index)?.event_id)?,
                },
            };
            Some(match item {
                Item::Event(index) => self.event_row(cx, *index, *dwells.get(*index)?, row),
                Item::Gap(gap) => JourneyRow { tab_id: Some(gap.tab.clone()), ..row },
                Item::Visit(_) | Item::Payment(_) => row,
            })
        });
        Ok(rows.collect())
    }

    /// Completes the row of an event, and takes personal values out of it.
    fn event_row(
        &self,
        cx: &Context,
        index: usize,
        dwell: Option<Dwell>,
        mut row: JourneyRow,
    ) -> JourneyRow {
        let hide = |value: &mut Option<Value>| {
            if let Some(value) = value {
                cx.app.sealer.open_or_remove(self.id.as_str(), value, false);
            }
        };
        match &mut row.what {
            What::Interaction(detail) | What::Error(detail) => {
                for text in [&mut detail.selection_value, &mut detail.previous_value] {
                    let mut value = text.take().map(Value::String);
                    hide(&mut value);
                    *text = value.and_then(|value| value.as_str().map(str::to_owned));
                }
                hide(&mut detail.additional_data);
            }
            What::Fact(detail) => hide(&mut detail.value),
            What::Measurement(detail) => hide(&mut detail.additional_data),
            What::Visit(_) | What::Gap(_) | What::Configuration(_) | What::Payment(_) => {}
        }
        let Some(event) = self.events.get(index) else { return row };
        JourneyRow {
            id: Some(event.event_id),
            tab_id: event.moment.tab.clone(),
            seq: event.moment.seq,
            late: event.late,
            dwell,
            ..row
        }
    }

    fn visit_at(&self, at: DateTime<Utc>) -> Option<i32> {
        let begun = self.visits.partition_point(|visit| visit.started_at <= at);
        Some(self.visits.get(begun.checked_sub(1)?)?.number)
    }

    fn gap_detail(&self, gap: &Gap) -> GapDetail {
        let refused = self
            .refused
            .iter()
            .filter(|(tab, seq)| *tab == gap.tab && (gap.first..=gap.last).contains(seq));
        let count = gap.count();
        GapDetail { first: gap.first, last: gap.last, count, refused: refused.count() }
    }

    /// What is to be said of the events of a page, by id.
    async fn details(
        &self,
        db: &mut PgConnection,
        page: &[(Place, Item<'_>)],
    ) -> Result<HashMap<Uuid, What>, sqlx::Error> {
        let mut found = HashMap::new();
        for source in [Source::Interactions, Source::Snapshots, Source::Facts, Source::Metrics] {
            let events = page.iter().filter_map(|(_, item)| match item {
                Item::Event(index) => self.events.get(*index),
                Item::Visit(_) | Item::Gap(_) | Item::Payment(_) => None,
            });
            let of_source = events.filter(|event| event.source == source);
            let (ids, times): (Vec<_>, Vec<_>) =
                of_source.map(|event| (event.event_id, event.event_time)).unzip();
            if !ids.is_empty() {
                let chosen = Chosen { session_key: self.key(), ids: &ids, times: &times };
                found.extend(details_of(db, source, chosen).await?);
            }
        }
        Ok(found)
    }
}

fn event_place(event: &Outline) -> EventPlace {
    (event.moment.at, event.moment.seq.unwrap_or(0), event.event_id)
}

async fn details_of(
    db: &mut PgConnection,
    source: Source,
    chosen: Chosen<'_>,
) -> Result<Vec<(Uuid, What)>, sqlx::Error> {
    Ok(match source {
        Source::Interactions => {
            let what = |detail: InteractionDetail| {
                let failed = detail.event_type == "error" || detail.event_type.ends_with("_error");
                (detail.event_id, if failed { What::Error } else { What::Interaction }(detail))
            };
            store::interactions(db, chosen).await?.into_iter().map(what).collect()
        }
        Source::Snapshots => {
            let what = |detail: ConfigurationDetail| (detail.event_id, What::Configuration(detail));
            store::configurations(db, chosen).await?.into_iter().map(what).collect()
        }
        Source::Facts => {
            let what = |detail: FactDetail| (detail.event_id, What::Fact(detail));
            store::facts(db, chosen).await?.into_iter().map(what).collect()
        }
        Source::Metrics => {
            let what = |detail: MeasurementDetail| (detail.event_id, What::Measurement(detail));
            store::measurements(db, chosen).await?.into_iter().map(what).collect()
        }
    })
}
