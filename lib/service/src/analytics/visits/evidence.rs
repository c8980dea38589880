//! Whom a session counts as: a robot, the maker's own people, somebody who refused, or a visitor.

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{EventKind, Evidence, Population, Suspicion, is_robot};
use sqlx::PgConnection;

use super::store::StoredSession;

/// Interactions that take a pointer or a finger.
const MOVEMENTS: [&str; 5] = ["scroll", "scroll_depth", "hover", "touch", "drag"];

/// What tells the maker's own people: a field of a session that contains a text.
pub(super) struct InternalRule {
    field: String,
    contains: String,
}

/// Every rule about internal traffic.
pub(super) async fn internal_rules(
    db: &mut PgConnection,
) -> Result<Vec<InternalRule>, sqlx::Error> {
    sqlx::query_as!(InternalRule, "SELECT field, contains FROM internal_rules ORDER BY id")
        .fetch_all(db)
        .await
}

/// Whom a session counts as, and what makes it look like a robot.
pub(super) struct Verdict {
    pub(super) population: Population,
    pub(super) suspicions: Vec<Suspicion>,
}

/// Decides whom a session counts as.
pub(super) fn population(session: &StoredSession, rules: &[InternalRule]) -> Verdict {
    let suspicions = evidence(session).suspicions();
    let population = if is_robot(&suspicions) {
        Population::Bot
    } else if rules.iter().any(|rule| rule.matches(session)) {
        Population::Internal
    } else if session.analytics_consent == Some(false) {
        Population::NoConsent
    } else {
        Population::Eligible
    };
    Verdict { population, suspicions }
}

fn evidence(session: &StoredSession) -> Evidence {
    let activity = || session.events.iter().filter(|event| event.activity);
    let first = activity().next().map(|event| event.at);
    let since_first = |at: DateTime<Utc>| first.map_or(0, |first| (at - first).num_milliseconds());
    let is_movement = |name: &str| MOVEMENTS.contains(&name);
    Evidence {
        user_agent: session.context.user_agent.clone(),
        missing_headers: session.context.missing_headers.clone(),
        autonomous_system: session.context.autonomous_system,
        activity_ms: activity().map(|event| since_first(event.at)).collect(),
        moved: session
            .events
            .iter()
            .any(|event| event.kind == EventKind::Interaction && is_movement(&event.name)),
    }
}

impl InternalRule {
    fn matches(&self, session: &StoredSession) -> bool {
        let value = match self.field.as_str() {
            "session_id" => Some(&session.session_id),
            "visitor_id" => session.visitor_id.as_ref(),
            "user_agent" => session.context.user_agent.as_ref(),
            "referrer" => session.context.referrer.as_ref(),
            "city" => session.context.city.as_ref(),
            _ => None,
        };
        value.is_some_and(|value| value.to_lowercase().contains(&self.contains.to_lowercase()))
    }
}
