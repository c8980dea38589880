//! The simulation agrees with itself, and its truth with what it sent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::tracking::{Kind, Payload};
use nest_haus_synth::{Attribution, Population, Scenario, Session, Simulation, Truth, Votes};
use proptest::prelude::*;

fn until() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn simulate(sessions: u32, seed: u64) -> (Vec<Session>, Truth) {
    let scenario = Scenario::of_days(sessions, seed, 30, until());
    let mut simulation = Simulation::new(scenario).unwrap();
    let sessions = simulation.by_ref().collect();
    (sessions, simulation.into_truth())
}

fn bytes((sessions, truth): &(Vec<Session>, Truth)) -> String {
    let requests = sessions.iter().flat_map(|session| &session.transmissions);
    let lines = requests.map(|request| serde_json::to_string(&request.request()).unwrap());
    lines.chain([serde_json::to_string(truth).unwrap()]).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_seed_decides_every_byte() {
    let first = simulate(150, 7);
    assert_eq!(bytes(&first), bytes(&simulate(150, 7)));
    assert_ne!(bytes(&first), bytes(&simulate(150, 8)));
}

#[test]
fn a_larger_simulation_has_everything_that_can_happen() {
    let (_, truth) = simulate(3000, 1);
    let events = &truth.events;
    for count in [events.lost, events.rejected, events.duplicated] {
        assert!(count > 0, "{events:?}");
    }
    let eligible = truth.population(Population::Eligible);
    assert!(eligible.visits > eligible.sessions);
    assert!(eligible.funnel.iter().all(|reached| *reached > 10), "{:?}", eligible.funnel);
    assert!(eligible.bounces > 500);
    assert_eq!(eligible.visits_by_channel.len(), 6);
    assert_eq!(eligible.visits_by_device.len(), 3);
    assert!(truth.retention.iter().any(|cohort| cohort.retained.iter().skip(1).any(|n| *n > 0)));
    assert_eq!(truth.populations.len(), 4);
    assert_eq!(truth.statuses.len(), 4);
    let of_options = || truth.houses.options.values().flat_map(BTreeMap::values);
    assert!(of_options().any(|option| option.regretted > 0));
    assert!(of_options().any(|option| option.taken_shown < option.taken));
    assert!(of_options().any(|option| option.taken_chosen < option.taken_shown));
    assert!(!truth.houses.switches.is_empty() && !truth.deeds.taken_back.is_empty());
    let Attribution { micro, orders, .. } = &truth.attribution;
    for credits in [micro, orders] {
        assert_ne!(credits.first, credits.last);
        assert_ne!(credits.last, credits.last_non_direct);
    }
    let [came, again, cart] = truth.returns;
    assert!(came > again && again > cart && cart > 0, "{:?}", truth.returns);
    let tours = truth.ways.tours.values();
    assert!(tours.flatten().all(|taken| *taken > 0), "{:?}", truth.ways.tours);
    let (least, most) = (truth.price_jumps[0], truth.price_jumps[7]);
    // The share of departures is more than twice as high after the greatest jumps.
    assert!(
        most.departures * least.selections > 2 * least.departures * most.selections,
        "{:?}",
        truth.price_jumps
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_truth_adds_up(sessions in 1_u32..120, seed in any::<u64>()) {
        let (made, truth) = simulate(sessions, seed);
        prop_assert_eq!(made.len(), sessions as usize);
        let events = truth.events;
        prop_assert_eq!(events.emitted, events.lost + events.rejected + events.stored);
        for totals in truth.populations.values() {
            prop_assert_eq!(totals.visits_by_day.values().sum::<u64>(), totals.visits);
            prop_assert_eq!(totals.visits_by_channel.values().sum::<u64>(), totals.visits);
            prop_assert_eq!(totals.visits_by_device.values().sum::<u64>(), totals.visits);
            prop_assert_eq!(totals.funnel[0], totals.visits);
            prop_assert!(totals.funnel.is_sorted_by(|a, b| a >= b));
            prop_assert!(totals.bounces <= totals.visits && totals.sessions <= totals.visits);
            prop_assert!(totals.duration_ms >= 0);
        }
        let of_all = truth.populations.values();
        prop_assert_eq!(of_all.clone().map(|totals| totals.sessions).sum::<u64>(), u64::from(sessions));
        let paid: i64 =
            made.iter().filter_map(|session| session.payment.as_ref()).map(|paid| paid.amount_cents).sum();
        prop_assert_eq!(of_all.map(|totals| totals.revenue_cents).sum::<i64>(), paid);
        for cohorts in [&truth.retention, &truth.retention_by_day] {
            prop_assert_eq!(cohorts.iter().map(|cohort| cohort.size).sum::<u64>(), truth.visitors);
        }
        for cohort in truth.retention.iter().chain(&truth.retention_by_day) {
            prop_assert_eq!(cohort.retained[0], cohort.size);
            prop_assert!(cohort.retained.iter().all(|came| *came <= cohort.size));
        }
    }

    #[test]
    fn houses_and_their_options_add_up(sessions in 1_u32..120, seed in any::<u64>()) {
        let (_, truth) = simulate(sessions, seed);
        let houses = &truth.houses;
        let sum = |votes_of: fn(&Votes) -> u64| houses.configurations.values().map(votes_of).sum::<u64>();
        prop_assert_eq!(sum(|votes| votes.ended), houses.sessions);
        let reached = truth.statuses.iter().filter(|(status, _)| **status != "ACTIVE");
        prop_assert_eq!(sum(|votes| votes.converted), reached.map(|(_, sessions)| sessions).sum::<u64>());
        for votes in houses.configurations.values() {
            prop_assert!(votes.ordered <= votes.converted && votes.converted <= votes.ended);
            prop_assert!(votes.ended <= votes.ever && votes.ever > 0);
        }
        for options in houses.options.values() {
            prop_assert!(options.values().map(|option| option.taken).sum::<u64>() <= houses.sessions);
            for option in options.values() {
                prop_assert!(option.taken_chosen <= option.taken_shown);
                prop_assert!(option.taken_shown <= option.taken.min(option.shown));
                prop_assert!(option.converted <= option.taken && option.shown <= houses.sessions);
                prop_assert!(option.regretted <= option.selected);
            }
        }
        let sizes = houses.options.get("nest").into_iter().flat_map(BTreeMap::values);
        prop_assert_eq!(sizes.map(|size| size.taken).sum::<u64>(), houses.sessions);
    }

    #[test]
    fn ways_and_credits_add_up(sessions in 1_u32..120, seed in any::<u64>()) {
        let (_, truth) = simulate(sessions, seed);
        let (ways, eligible) = (&truth.ways, truth.population(Population::Eligible));
        let ended_from = |level: usize| ways.levels[level..].iter().map(|level| level.ended).sum::<u64>();
        prop_assert_eq!(std::array::from_fn(ended_from), eligible.funnel);
        let times = ways.step_times.iter().map(|times| times.len() as u64);
        prop_assert!(times.eq(eligible.funnel[1..].iter().copied()));
        prop_assert!(ways.step_times.iter().flatten().all(|ms| *ms > 0));
        let left: u64 = ways.levels.iter().map(|level| level.left).sum();
        prop_assert_eq!(left, eligible.visits - eligible.orders);
        prop_assert_eq!(ways.nodes.values().map(|node| node.ended).sum::<u64>(), eligible.visits);
        prop_assert!(ways.nodes.values().all(|node| node.left <= node.ended && node.ended <= node.visits));
        prop_assert!(ways.tours.values().all(|taken| taken.is_sorted_by(|a, b| a >= b)));
        for steps in [&ways.steps, &ways.steps_back] {
            let firsts = steps.first().into_iter().flat_map(BTreeMap::values);
            prop_assert_eq!(firsts.flat_map(BTreeMap::values).sum::<u64>(), eligible.visits);
            for pair in steps.windows(2) {
                for (node, next) in &pair[1] {
                    let came: u64 = pair[0].values().filter_map(|to| to.get(node)).sum();
                    prop_assert_eq!(came, next.values().sum::<u64>());
                }
            }
        }
        let converted: u64 = ways.levels.iter().map(|level| level.ended - level.left_without_cart).sum();
        let Attribution { micro, orders, .. } = &truth.attribution;
        for (credits, conversions, cents) in
            [(micro, converted, 0), (orders, eligible.orders, eligible.revenue_cents)]
        {
            for by_channel in [&credits.first, &credits.last, &credits.last_non_direct] {
                let credited: u64 = by_channel.values().map(|credit| credit.conversions).sum();
                prop_assert_eq!(credited, conversions);
                prop_assert_eq!(by_channel.values().map(|credit| credit.revenue_cents).sum::<i64>(), cents);
            }
        }
    }

    #[test]
    fn what_is_sent_is_what_was_counted(seed in any::<u64>()) {
        let (sessions, truth) = simulate(60, seed);
        let (mut ids, mut sent, mut page_views) = (HashSet::new(), 0, 0);
        let (mut clicks, mut measured) = (0, 0);
        for session in &sessions {
            prop_assert!(session.transmissions.is_sorted_by_key(|sent| sent.arrival));
            let mut refused = false;
            for transmission in &session.transmissions {
                for event in &transmission.events {
                    sent += 1;
                    prop_assert_eq!(event.session_id.as_ref(), Some(&session.id));
                    prop_assert!(event.occurred_at <= transmission.arrival);
                    prop_assert!(event.occurred_at >= truth.scenario.from);
                    prop_assert!(event.occurred_at <= truth.scenario.until);
                    let new = ids.insert((session.id.clone(), event.id));
                    match &event.payload {
                        Payload::Interaction(view) if new && !refused && view.event_type == "page_visit"
                            && view.time_spent_ms.is_none() => page_views += 1,
                        Payload::Interaction(click) if new && !refused && click.event_type == "click" => {
                            clicks += 1;
                        }
                        Payload::Metric(_) if new => measured += 1,
                        Payload::Fact(fact) => {
                            refused |= serde_json::to_value(fact).unwrap()["value"]["analytics"] == false;
                        }
                        _ => {}
                    }
                }
            }
        }
        prop_assert_eq!(sent, truth.events.stored + truth.events.rejected + truth.events.duplicated);
        prop_assert_eq!(ids.len() as u64, truth.events.stored + truth.events.rejected);
        let counted: u64 = truth.populations.values().map(|totals| totals.page_views).sum();
        prop_assert_eq!(page_views, counted);
        let deeds = &truth.deeds;
        prop_assert_eq!(clicks, deeds.clicks.values().flat_map(BTreeMap::values).sum::<u64>());
        prop_assert_eq!(measured, deeds.measured.values().map(Vec::len).sum::<usize>());
        // What goes on over midnight is a page view on both days.
        let scrolled: u64 = deeds.scrolls.values().flat_map(BTreeMap::values).sum();
        prop_assert!((page_views..=page_views + sessions.len() as u64).contains(&scrolled));
    }

    #[test]
    fn a_request_tells_the_server_when_its_events_happened(seed in any::<u64>()) {
        let (sessions, _) = simulate(20, seed);
        for transmission in sessions.iter().flat_map(|session| &session.transmissions) {
            let later = transmission.arrival + TimeDelta::days(3);
            let body = transmission.request().moved_to(later).body;
            let sent_at = body["sentAt"].as_i64().unwrap();
            let items = match transmission.kind {
                Kind::Interactions => body["events"].as_array().cloned().unwrap(),
                Kind::Metrics => body["metrics"].as_array().cloned().unwrap(),
                Kind::Configurations => vec![body],
            };
            prop_assert_eq!(items.len(), transmission.events.len());
            for (event, item) in transmission.events.iter().zip(&items) {
                let age_ms = sent_at - item["clientTs"].as_i64().unwrap();
                let derived = later - TimeDelta::milliseconds(age_ms);
                prop_assert_eq!(derived, event.occurred_at);
            }
        }
    }
}
