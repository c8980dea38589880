//! Who is there now, and what they are configuring.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use nest_haus_domain::configurator::PriceLists;
use nest_haus_domain::tracking::{Register, SessionFacts, SessionId, Status};
use serde::Serialize;
use utoipa::ToSchema;

use crate::configurator::price_lists_since;
use crate::http::Problem;
use crate::platform::App;
use crate::tracking::sessions::registers_of;

/// Most sessions that are looked at; the latest.
pub(super) const LOOKED_AT_MAX: usize = 500;

/// Most sessions that are listed.
const LISTED_MAX: usize = 100;

/// What nobody said.
const NOT_SET: &str = "(not set)";

/// What is read of each session: what its status, price, page and device follow from.
const REGISTERS: [Register; 10] = [
    Register::Started,
    Register::LastActivity,
    Register::LastExit,
    Register::FirstSelection,
    Register::FirstCart,
    Register::Completed,
    Register::Converted,
    Register::Configuration,
    Register::Device,
    Register::Page,
];

/// Who is there now.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LiveSessions {
    /// Active sessions with a choice or a configuration, the latest activity first; at most 100.
    configuring: Vec<LiveSession>,
    /// Active sessions by the page that they came to last.
    active_by_page: Vec<ActiveSessions>,
    /// Active sessions by device.
    active_by_device: Vec<ActiveSessions>,
}

/// A session that is configuring.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LiveSession {
    session_id: String,
    status: Status,
    last_activity_at: Option<DateTime<Utc>>,
    device: Option<String>,
    page: Option<String>,
    /// What the latest configuration costs by the price list in force when it was seen, in cents;
    /// nothing without a size.
    price_cents: Option<i64>,
    /// Categories whose price must be asked for.
    on_request: Vec<String>,
}

/// Active sessions that have something in common.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ActiveSessions {
    /// What; `(not set)` where nothing is known.
    value: String,
    sessions: usize,
}

/// Looks at some active sessions, by what is stored and what is still in the queue.
pub(super) async fn live_sessions(app: &App, ids: &[SessionId]) -> Result<LiveSessions, Problem> {
    let all = registers_of(app, ids, &REGISTERS).await?;
    let seen = all.iter().filter_map(|facts| facts.at(&Register::Configuration)).min();
    let lists = match seen {
        Some(seen) => price_lists_since(app, seen).await.map(|known| known.lists),
        None => Ok(PriceLists::default()),
    };
    // Without the database there are sessions all the same, if only without prices.
    let lists = lists.unwrap_or_default();
    let sessions = ids.iter().zip(&all);
    let mut configuring: Vec<LiveSession> = sessions
        .filter(|(_, facts)| {
            facts.configuration().is_some() || facts.at(&Register::FirstSelection).is_some()
        })
        .map(|(id, facts)| LiveSession::of(id, facts, &lists))
        .collect();
    configuring.sort_by_key(|session| std::cmp::Reverse(session.last_activity_at));
    configuring.truncate(LISTED_MAX);
    Ok(LiveSessions {
        configuring,
        active_by_page: by(&all, page),
        active_by_device: by(&all, device),
    })
}

fn page(facts: &SessionFacts) -> Option<&str> {
    facts.value(&Register::Page)?.as_str()
}

fn device(facts: &SessionFacts) -> Option<&str> {
    facts.value(&Register::Device)?.get("type")?.as_str()
}

impl LiveSession {
    fn of(id: &SessionId, facts: &SessionFacts, lists: &PriceLists) -> Self {
        let quote = facts.at(&Register::Configuration).and_then(|at| {
            let claimed = facts.claimed_price_cents();
            Some(lists.appraise(facts.configuration()?, claimed, at)?.quote)
        });
        let price = quote.as_ref().and_then(|quote| quote.area_dm2.map(|_| quote.total_cents));
        Self {
            session_id: id.as_str().to_owned(),
            status: facts.status(),
            last_activity_at: facts.at(&Register::LastActivity),
            device: device(facts).map(str::to_owned),
            page: page(facts).map(str::to_owned),
            price_cents: price,
            on_request: quote.map(|quote| quote.on_request).unwrap_or_default(),
        }
    }
}

/// How many sessions have each value, most first.
fn by(all: &[SessionFacts], value: impl Fn(&SessionFacts) -> Option<&str>) -> Vec<ActiveSessions> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for facts in all {
        *counts.entry(value(facts).unwrap_or(NOT_SET)).or_default() += 1;
    }
    let counted =
        |(value, sessions): (&str, usize)| ActiveSessions { value: value.to_owned(), sessions };
    let mut counted: Vec<ActiveSessions> = counts.into_iter().map(counted).collect();
    counted.sort_by_key(|active| std::cmp::Reverse(active.sessions));
    counted
}
