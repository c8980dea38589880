//! Counts of other programs on the same clickstreams: retentioneering, `DuckDB` and `ClickHouse`.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};

use chrono::{DateTime, TimeDelta, Utc};
use flate2::read::GzDecoder;
use serde_json::Value;

use super::*;
use crate::analytics::recorded::recorded;

fn json(name: &str) -> Option<Value> {
    recorded(name).map(|file| serde_json::from_reader(file).unwrap())
}

/// The units of a clickstream with their events in the order of the log.
fn units(
    name: &str,
    key: &str,
    step: impl Fn(&Value) -> Option<usize>,
) -> Option<HashMap<String, UnitEvents>> {
    let lines = BufReader::new(GzDecoder::new(recorded(name)?)).lines();
    let mut units: HashMap<String, Vec<UnitEvent>> = HashMap::new();
    for (number, line) in lines.enumerate() {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let Some(step) = step(&event) else { continue };
        let at: DateTime<Utc> = event["timestamp"].as_str().unwrap().parse().unwrap();
        units.entry(event[key].as_str().unwrap().to_owned()).or_default().push(UnitEvent {
            at,
            seq: i64::try_from(number).unwrap(),
            id: number as u128,
            steps: 1 << step,
            exclusions: 0,
            value: None,
        });
    }
    Some(units.into_iter().map(|(key, events)| (key, UnitEvents::new(events))).collect())
}

fn counts(rules: FunnelRules, units: &HashMap<String, UnitEvents>) -> Vec<i64> {
    let tally_rules = TallyRules {
        incomplete_after: DateTime::<Utc>::MAX_UTC,
        complete_only: false,
        buckets: Vec::new(),
        attribution: None,
    };
    let funnel = Funnel::new(rules).unwrap();
    let mut tally = Tally::new(&funnel, tally_rules);
    for (key, events) in units {
        tally.note(&funnel, key, events, false);
    }
    tally.steps().iter().map(|step| step.entered).collect()
}

fn rules(steps: usize, window: Option<i64>, ties: Ties) -> FunnelRules {
    let entry = Period { from: DateTime::<Utc>::MIN_UTC, to: DateTime::<Utc>::MAX_UTC };
    FunnelRules {
        steps,
        order: Order::Ordered,
        ties,
        counting: Counting::Unique,
        window: window.map(TimeDelta::microseconds),
        step_windows: Vec::new(),
        exclusions: Vec::new(),
        entry,
    }
}

/// The units of a funnel of the reference.
fn units_of(funnel: &Value) -> Option<HashMap<String, UnitEvents>> {
    let steps: Vec<&str> =
        funnel["steps"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let place = |name: &str| steps.iter().position(|step| *step == name);
    let ecom = "clickstreams/ecom_retentioneering.ndjson.gz";
    let eshop = "clickstreams/eshop_apr_may_2008.ndjson.gz";
    let element = |event: &Value| place(event["elementId"].as_str()?);
    match funnel["name"].as_str().unwrap() {
        "ecom_session_id" => units(ecom, "sessionId", element),
        "ecom_user_id" => units(ecom, "visitorId", element),
        "eshop_page_depth" => {
            units(eshop, "sessionId", |event| place(&format!("page{}", event["page"])))
        }
        "eshop_category_path" => {
            units(eshop, "sessionId", |event| place(event["category"].as_str()?))
        }
        other => panic!("unknown funnel {other}"),
    }
}

#[test]
fn counts_are_those_of_duckdb_and_clickhouse_for_every_window_and_both_ways_with_ties() {
    let Some(reference) = json("reference/funnels.json") else { return };
    let mut compared = 0;
    for funnel in reference["funnels"].as_array().unwrap() {
        let Some(units) = units_of(funnel) else { return };
        let steps = funnel["steps"].as_array().unwrap().len();
        for result in funnel["results"].as_array().unwrap() {
            for (ties, name) in [(Ties::Strict, "counts"), (Ties::Log, "counts_log_order_ties")] {
                let expected: Vec<i64> = serde_json::from_value(result[name].clone()).unwrap();
                let window = result["window_us"].as_i64();
                let found = counts(rules(steps, window, ties), &units);
                assert_eq!(found, expected, "{} {window:?} {name}", funnel["name"]);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 22);
}

#[test]
fn counts_and_rates_are_those_of_retentioneering() {
    let Some(reference) = json("reference/retentioneering.json") else { return };
    let Some(funnels) = json("reference/funnels.json") else { return };
    for (name, expected) in reference["results"].as_object().unwrap() {
        let all = funnels["funnels"].as_array().unwrap();
        let funnel = all.iter().find(|funnel| funnel["name"] == *name).unwrap();
        let Some(units) = units_of(funnel) else { return };
        let steps = expected["steps"].as_array().unwrap();
        let found = counts(rules(steps.len(), None, Ties::Log), &units);
        let total = funnel["total_keys"].as_f64().unwrap();
        for (found, step) in found.into_iter().zip(steps) {
            assert_eq!(step["unique_paths"], found, "{name} {}", step["step"]);
            let rate = f64::from(u32::try_from(found).unwrap()) / total;
            assert!((rate - step["conversion_rate"].as_f64().unwrap()).abs() < 1e-12);
        }
    }
}
