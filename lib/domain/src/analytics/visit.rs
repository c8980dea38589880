//! Visits: runs of activity within a session id (definitions b1), and what can be said of each.
//!
//! A visit is dated by its beginning and never cut at midnight. Everything here follows from the events
//! in their order, so that late, repeated or reordered arrival changes nothing.

use chrono::{DateTime, TimeDelta, Utc};

use super::channel::Touch;

/// A longer pause ends a visit.
pub const PAUSE_MAX: TimeDelta = TimeDelta::minutes(30);

/// The longest visit.
pub const LENGTH_MAX: TimeDelta = TimeDelta::hours(24);

/// Somebody who does nothing for longer is no longer engaged.
const IDLE_MAX: TimeDelta = TimeDelta::seconds(30);

/// A visit of one page with less attention than this is a bounce, if nothing else was done.
const ENGAGED_MIN: TimeDelta = TimeDelta::seconds(10);

/// Most nodes of a path.
pub const PATH_MAX: usize = 20;

/// Longest name of a node, in characters.
const NODE_CHARS_MAX: usize = 100;

/// Steps of the configurator funnel.
pub const FUNNEL_STEPS: [&str; 5] = ["visit", "configuration", "cart", "completion", "order"];

/// What sort of thing an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A client's interaction; its name is whatever the client calls it.
    Interaction,
    /// A configuration: `snapshot`, `cart_add` or `completion`.
    Snapshot,
    /// A fact about the session.
    Fact,
}

/// An event of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct VisitEvent {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What sort of thing it is.
    pub kind: EventKind,
    /// Whether it is the visitor's own doing.
    pub activity: bool,
    /// What it is called.
    pub name: String,
    /// In which category.
    pub category: String,
    /// The value: the path of a page view, the option of a selection.
    pub value: Option<String>,
    /// Milliseconds that the client says were spent.
    pub time_spent_ms: Option<i64>,
    /// What a page view says about where the visitor came from.
    pub touch: Option<Touch>,
}

impl VisitEvent {
    fn is_interaction(&self, name: &str) -> bool {
        self.kind == EventKind::Interaction && self.name == name
    }

    /// Coming to a page, or leaving it.
    fn is_of_page(&self) -> bool {
        self.is_interaction("page_visit") || self.is_interaction("page_view")
    }

    /// Coming to a page. Today's client calls leaving it the same, with the time spent there.
    fn is_page_view(&self) -> bool {
        self.is_of_page() && self.time_spent_ms.is_none()
    }

    fn is_selection(&self) -> bool {
        self.is_interaction("selection")
    }

    fn is_cart_add(&self) -> bool {
        self.kind != EventKind::Interaction && self.name == "cart_add"
    }

    fn is_completion(&self) -> bool {
        self.kind == EventKind::Snapshot && self.name == "completion"
    }

    /// A question to the maker as the browser reports it, until inquiries are stored.
    fn is_lead(&self) -> bool {
        self.is_interaction("form_submit") || self.is_interaction("contact_form_submission")
    }

    fn is_claim(&self) -> bool {
        self.kind == EventKind::Fact && self.name == "converted"
    }

    /// Whether the visitor did more than look at a page.
    fn is_deed(&self) -> bool {
        const NO_DEEDS: [&str; 2] = ["started", "consent"];
        self.activity
            && !self.is_of_page()
            && !(self.kind == EventKind::Fact && NO_DEEDS.contains(&self.name.as_str()))
    }

    /// The event's place in a path.
    fn node(&self) -> Option<String> {
        let name = if self.is_page_view() {
            page(self.value.as_deref()?)
        } else if self.is_selection() {
            &self.category
        } else if self.is_cart_add() {
            "cart"
        } else if self.is_completion() {
            "completion"
        } else {
            return None;
        };
        Some(name.chars().take(NODE_CHARS_MAX).collect())
    }
}

/// The page of an address: what stands before its query and fragment.
fn page(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

/// What can be said of a visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// First activity.
    pub started_at: DateTime<Utc>,
    /// Last activity.
    pub ended_at: DateTime<Utc>,
    /// One page, nothing done, less than ten seconds of attention.
    pub bounced: bool,
    /// Whether anything was selected.
    pub configuring: bool,
    /// When each step of the funnel was reached, in order.
    pub step_at: Vec<DateTime<Utc>>,
    /// Pages looked at.
    pub page_views: usize,
    /// Interactions, whatever they are.
    pub interactions: usize,
    /// Selections among them.
    pub selections: usize,
    /// Configurations that were saved.
    pub snapshots: usize,
    /// From the first to the last activity, and the attention after it.
    pub duration: TimeDelta,
    /// Time of attention.
    pub engaged: TimeDelta,
    /// First time that something went into the cart.
    pub cart_at: Option<DateTime<Utc>>,
    /// First completion.
    pub completed_at: Option<DateTime<Utc>>,
    /// First question to the maker.
    pub lead_at: Option<DateTime<Utc>>,
    /// When the browser first said that it paid.
    pub claimed_at: Option<DateTime<Utc>>,
    /// First payment.
    pub ordered_at: Option<DateTime<Utc>>,
    /// Where the visitor came from, if a page view says so.
    pub touch: Option<Touch>,
    /// First page.
    pub entry_page: Option<String>,
    /// Last page.
    pub exit_page: Option<String>,
    /// The last thing done, and its category.
    pub last: Option<(String, String)>,
    /// The first thing done after the last step of the funnel that was reached, and its category.
    pub next: Option<(String, String)>,
    /// What the visit went through.
    pub path: Vec<String>,
}

/// The visits of a session, from its events in order and the times of its payments. Events that are no
/// activity belong to the visit that is under way, or to the first.
#[must_use]
pub fn visits(events: &[VisitEvent], payments: &[DateTime<Utc>]) -> Vec<Visit> {
    let mut found: Vec<Visit> = split(events).into_iter().map(visit).collect();
    for paid_at in payments {
        let before = found.iter().rposition(|visit| visit.started_at <= *paid_at).unwrap_or(0);
        if let Some(visit) = found.get_mut(before) {
            visit.ordered_at = Some(visit.ordered_at.map_or(*paid_at, |first| first.min(*paid_at)));
        }
    }
    for visit in &mut found {
        let ordered =
            visit.ordered_at.filter(|at| visit.step_at.last().is_some_and(|last| at >= last));
        if visit.step_at.len() == FUNNEL_STEPS.len() - 1 {
            visit.step_at.extend(ordered);
        }
    }
    found
}

/// Events cut into visits. Events before the first activity go with it; without any there is no visit.
fn split(events: &[VisitEvent]) -> Vec<&[VisitEvent]> {
    let mut cuts = vec![0];
    let mut under_way: Option<UnderWay> = None;
    for (index, event) in events.iter().enumerate().filter(|(_, event)| event.activity) {
        let goes_on = under_way.as_ref().is_some_and(|visit| {
            event.at - visit.last <= PAUSE_MAX
                && event.at - visit.first <= LENGTH_MAX
                && !visit.is_ended_by(event, &events[index + 1..])
        });
        if !goes_on && under_way.is_some() {
            cuts.push(index);
        }
        let first = match &under_way {
            Some(visit) if goes_on => visit.first,
            _ => event.at,
        };
        let campaign = event.touch.as_ref().filter(|touch| touch.is_explicit());
        let before = under_way.as_ref().filter(|_| goes_on).and_then(|visit| visit.campaign);
        under_way = Some(UnderWay { first, last: event.at, campaign: campaign.or(before) });
    }
    if under_way.is_none() {
        return Vec::new();
    }
    cuts.push(events.len());
    cuts.windows(2).map(|cut| &events[cut[0]..cut[1]]).collect()
}

struct UnderWay<'a> {
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    campaign: Option<&'a Touch>,
}

impl UnderWay<'_> {
    /// Another campaign begins another visit, if the visitor goes on from there.
    fn is_ended_by(&self, event: &VisitEvent, later: &[VisitEvent]) -> bool {
        let Some(touch) = event.touch.as_ref().filter(|touch| touch.is_explicit()) else {
            return false;
        };
        let same = self.campaign.is_some_and(|campaign| {
            (&campaign.source, &campaign.medium, &campaign.campaign, &campaign.click_id)
                == (&touch.source, &touch.medium, &touch.campaign, &touch.click_id)
        });
        let goes_on = later
            .iter()
            .find(|event| event.activity)
            .is_some_and(|next| next.at - event.at <= PAUSE_MAX);
        !same && goes_on
    }
}

fn visit(events: &[VisitEvent]) -> Visit {
    let activity = || events.iter().filter(|event| event.activity);
    let count = |holds: fn(&VisitEvent) -> bool| events.iter().filter(|event| holds(event)).count();
    let first_at = |holds: fn(&VisitEvent) -> bool| {
        events.iter().find(|event| holds(event)).map(|event| event.at)
    };
    let started_at = activity().next().map_or(DateTime::UNIX_EPOCH, |event| event.at);
    let ended_at = activity().next_back().map_or(started_at, |event| event.at);
    let (engaged, trailing) = attention(events, ended_at);
    let page_views = count(VisitEvent::is_page_view);
    let selections = count(VisitEvent::is_selection);
    let mut pages = events
        .iter()
        .filter(|event| event.is_page_view())
        .filter_map(|event| event.value.as_deref());
    let entry_page = pages.next().map(page);
    let exit_page = pages.next_back().map(page).or(entry_page);
    let step_at = steps(events, started_at);
    let named = |event: &VisitEvent| (event.name.clone(), event.category.clone());
    let reached_at = step_at.last().copied().unwrap_or(started_at);
    Visit {
        started_at,
        ended_at,
        bounced: page_views < 2 && !events.iter().any(VisitEvent::is_deed) && engaged < ENGAGED_MIN,
        configuring: selections > 0,
        step_at,
        page_views,
        interactions: count(|event| event.kind == EventKind::Interaction),
        selections,
        snapshots: count(|event| event.kind == EventKind::Snapshot),
        duration: ended_at - started_at + trailing,
        engaged,
        cart_at: first_at(VisitEvent::is_cart_add),
        completed_at: first_at(VisitEvent::is_completion),
        lead_at: first_at(VisitEvent::is_lead),
        claimed_at: first_at(VisitEvent::is_claim),
        ordered_at: None,
        touch: events.iter().find_map(|event| event.touch.clone()),
        entry_page: entry_page.map(str::to_owned),
        exit_page: exit_page.map(str::to_owned),
        last: activity().next_back().map(named),
        next: activity().find(|event| event.at > reached_at).map(named),
        path: path(events),
    }
}

/// When each step was reached: the visit itself, then in order a selection, the cart, a completion, each
/// by an event of its own.
fn steps(events: &[VisitEvent], started_at: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let steps = [VisitEvent::is_selection, VisitEvent::is_cart_add, VisitEvent::is_completion];
    let mut reached = vec![started_at];
    let mut rest = events.iter();
    for holds in steps {
        let Some(event) = rest.find(|event| holds(event)) else { break };
        reached.push(event.at);
    }
    reached
}

/// Time of attention in all, and of that what came after the last activity. Where the client does not
/// report it, each pause between two activities counts for half a minute at most.
fn attention(events: &[VisitEvent], ended_at: DateTime<Utc>) -> (TimeDelta, TimeDelta) {
    let reports = || events.iter().filter(|event| event.is_interaction("engagement"));
    if reports().next().is_none() {
        let at: Vec<_> =
            events.iter().filter(|event| event.activity).map(|event| event.at).collect();
        let pauses = at.windows(2).map(|pair| (pair[1] - pair[0]).min(IDLE_MAX));
        return (pauses.sum(), TimeDelta::zero());
    }
    let spent = |event: &VisitEvent| TimeDelta::milliseconds(event.time_spent_ms.unwrap_or(0));
    let mut known_until = ended_at;
    let mut trailing = TimeDelta::zero();
    for report in reports().filter(|report| report.at > ended_at) {
        trailing += spent(report).min(report.at - known_until);
        known_until = report.at;
    }
    (reports().map(spent).sum(), trailing)
}

fn path(events: &[VisitEvent]) -> Vec<String> {
    let mut nodes: Vec<String> = events.iter().filter_map(VisitEvent::node).collect();
    nodes.dedup();
    nodes.truncate(PATH_MAX);
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(seconds: f64, name: &str) -> VisitEvent {
        #[expect(clippy::cast_possible_truncation, reason = "small")]
        let millis = (seconds * 1000.0) as i64;
        let kind = match name {
            "snapshot" | "completion" | "cart_add" => EventKind::Snapshot,
            "started" | "consent" => EventKind::Fact,
            _ => EventKind::Interaction,
        };
        VisitEvent {
            at: DateTime::from_timestamp_millis(1_795_000_000_000 + millis).unwrap(),
            kind,
            activity: name != "engagement" && name != "vitals",
            name: name.to_owned(),
            category: "fenster".to_owned(),
            value: Some("/konfigurator?x=1".to_owned()),
            time_spent_ms: None,
            touch: None,
        }
    }

    fn starts(events: &[VisitEvent]) -> Vec<i64> {
        let seconds =
            |visit: &Visit| (visit.started_at.timestamp_millis() - 1_795_000_000_000) / 1000;
        visits(events, &[]).iter().map(seconds).collect()
    }

    fn clicks(seconds: &[f64]) -> Vec<VisitEvent> {
        seconds.iter().map(|at| event(*at, "click")).collect()
    }

    #[test]
    fn a_pause_of_thirty_minutes_stays_and_a_longer_one_splits() {
        assert_eq!(starts(&clicks(&[0.0, 1799.0, 3598.0])), [0]);
        assert_eq!(starts(&clicks(&[0.0, 1800.0])), [0]);
        assert_eq!(starts(&clicks(&[0.0, 1800.001])), [0, 1800]);
    }

    #[test]
    fn what_is_no_activity_keeps_no_visit_alive() {
        let events = [event(0.0, "click"), event(1740.0, "vitals"), event(1860.0, "click")];
        assert_eq!(starts(&events), [0, 1860]);
        assert_eq!(starts(&[event(0.0, "vitals")]), [] as [i64; 0]);
        let early = [event(0.0, "vitals"), event(5.0, "click")];
        assert_eq!(starts(&early), [5]);
    }

    #[test]
    fn a_batch_that_was_offline_is_one_visit_dated_by_what_happened() {
        assert_eq!(starts(&clicks(&[0.0, 300.0, 600.0])), [0]);
    }

    #[test]
    fn no_visit_is_longer_than_a_day() {
        let events: Vec<f64> = (0..=97).map(|quarter| f64::from(quarter) * 900.0).collect();
        assert_eq!(starts(&clicks(&events)), [0, 87_300]);
    }

    #[test]
    fn another_campaign_begins_another_visit_if_the_visitor_goes_on() {
        let campaign = |seconds: f64, source: &str| VisitEvent {
            touch: Some(Touch { source: Some(source.to_owned()), ..Touch::default() }),
            ..event(seconds, "page_visit")
        };
        let mut events = vec![campaign(0.0, "a"), event(5.0, "click"), campaign(60.0, "a")];
        assert_eq!(starts(&events), [0]);
        events.push(campaign(90.0, "b"));
        assert_eq!(starts(&events), [0], "nothing follows");
        events.push(event(95.0, "click"));
        assert_eq!(starts(&events), [0, 90]);
        let referred = VisitEvent {
            touch: Some(Touch { referrer_host: Some("google.com".into()), ..Touch::default() }),
            ..event(99.0, "page_visit")
        };
        events.extend([referred, event(100.0, "click")]);
        assert_eq!(starts(&events), [0, 90], "a referrer is no campaign");
    }

    #[test]
    fn a_bounce_is_one_page_without_deed_or_attention() {
        let bounced = |events: &[VisitEvent]| visits(events, &[])[0].bounced;
        let engaged = |ms: i64| VisitEvent { time_spent_ms: Some(ms), ..event(20.0, "engagement") };
        let view = event(0.0, "page_visit");
        assert!(bounced(std::slice::from_ref(&view)));
        assert!(bounced(&[event(0.0, "started"), view.clone(), engaged(9_999)]));
        assert!(!bounced(&[view.clone(), engaged(10_000)]));
        assert!(!bounced(&[view.clone(), event(1.0, "selection")]), "a configurator is one page");
        assert!(!bounced(&[view.clone(), event(2.0, "page_visit")]));
        let leaving = VisitEvent { time_spent_ms: Some(3000), ..event(3.0, "page_visit") };
        assert!(bounced(&[view, leaving]), "leaving is no second page");
    }

    #[test]
    fn a_page_read_for_six_minutes_takes_six_minutes() {
        let ping = |at: f64| VisitEvent { time_spent_ms: Some(15_000), ..event(at, "engagement") };
        let mut events = vec![event(0.0, "page_visit")];
        events.extend((1..=24).map(|n| ping(f64::from(n) * 15.0)));
        let visit = &visits(&events, &[])[0];
        assert_eq!(visit.duration, TimeDelta::minutes(6));
        assert_eq!(visit.engaged, TimeDelta::minutes(6));
    }

    #[test]
    fn attention_before_the_last_activity_is_no_trailing_time() {
        let ping = VisitEvent { time_spent_ms: Some(15_000), ..event(18.0, "engagement") };
        let visit = &visits(&[event(0.0, "page_visit"), event(10.0, "click"), ping], &[])[0];
        assert_eq!(visit.duration, TimeDelta::seconds(18));
    }

    #[test]
    fn without_reports_of_attention_a_pause_counts_half_a_minute_at_most() {
        let visit = &visits(&clicks(&[0.0, 10.0, 310.0]), &[])[0];
        assert_eq!(visit.engaged, TimeDelta::seconds(40));
        assert_eq!(visit.duration, TimeDelta::seconds(310));
    }

    #[test]
    fn steps_are_reached_in_order_and_a_payment_belongs_to_the_visit_before_it() {
        let events = [
            event(0.0, "page_visit"),
            event(1.0, "cart_add"),
            event(2.0, "selection"),
            event(3.0, "cart_add"),
            event(4.0, "completion"),
            event(4000.0, "click"),
        ];
        let paid = [events[4].at + TimeDelta::seconds(30)];
        let found = visits(&events, &paid);
        let seconds: Vec<i64> =
            found[0].step_at.iter().map(|at| (*at - events[0].at).num_seconds()).collect();
        assert_eq!(seconds, [0, 2, 3, 4, 34]);
        assert_eq!((found[0].cart_at, found[0].ordered_at), (Some(events[1].at), Some(paid[0])));
        assert_eq!((found[1].step_at.len(), found[1].ordered_at), (1, None));
        assert_eq!(
            visits(&events[..4], &paid)[0].step_at.len(),
            3,
            "without completion no fourth step"
        );
    }

    #[test]
    fn a_client_cannot_call_an_interaction_a_completion() {
        let mut forged = event(1.0, "completion");
        forged.kind = EventKind::Interaction;
        let visit = &visits(&[event(0.0, "selection"), forged], &[])[0];
        assert_eq!((visit.completed_at, visit.step_at.len()), (None, 2));
    }

    #[test]
    fn a_path_names_pages_and_categories_without_repetitions() {
        let events = [
            event(0.0, "page_visit"),
            event(1.0, "page_visit"),
            event(2.0, "selection"),
            event(3.0, "click"),
            event(4.0, "selection"),
            event(5.0, "cart_add"),
        ];
        let visit = &visits(&events, &[])[0];
        assert_eq!(visit.path, ["/konfigurator", "fenster", "cart"]);
        assert_eq!(visit.entry_page.as_deref(), Some("/konfigurator"));
        assert_eq!(visit.last, Some(("cart_add".to_owned(), "fenster".to_owned())));
    }

    const NAMES: [&str; 6] =
        ["click", "page_visit", "selection", "cart_add", "completion", "engagement"];

    proptest! {
        #[test]
        fn every_activity_is_in_one_visit_that_keeps_the_rules(
            mut parts in proptest::collection::vec((0_u32..200_000, 0_usize..6), 0..60)
        ) {
            parts.sort_unstable();
            let events: Vec<_> =
                parts.iter().map(|(at, name)| event(f64::from(*at), NAMES[*name])).collect();
            let found = visits(&events, &[]);
            let interactions = |event: &&VisitEvent| event.kind == EventKind::Interaction;
            if events.iter().any(|event| event.activity) {
                let sum: usize = found.iter().map(|visit| visit.interactions).sum();
                prop_assert_eq!(sum, events.iter().filter(interactions).count());
            }
            for visit in &found {
                prop_assert!(visit.ended_at - visit.started_at <= LENGTH_MAX);
                prop_assert!(visit.duration >= visit.ended_at - visit.started_at);
                prop_assert!(visit.step_at.is_sorted());
                prop_assert!(!(visit.bounced && visit.configuring));
            }
            for pair in found.windows(2) {
                let pause = pair[1].started_at - pair[0].ended_at;
                prop_assert!(pause > PAUSE_MAX || pair[1].started_at - pair[0].started_at > LENGTH_MAX);
            }
        }
    }
}
