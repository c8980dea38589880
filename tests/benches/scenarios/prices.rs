//! How long clients wait for prices while requests come at a constant rate.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;

use crate::connection::Outgoing;
use crate::finding::{Better, Figure, MEDIAN_VARIES, TAIL_VARIES};
use crate::load::{Arrival, Load, Outcome, send};
use crate::system::System;
use crate::{Bench, Failure, Found};

/// Requests a second, one endpoint after the other.
const RATE: f64 = 200.0;

/// What is promised of the p99 of [`CALCULATE`], in milliseconds.
const P99_MAX: f64 = 5.0;

const ROUNDS: usize = 2;

const CALCULATE: &str = "/api/pricing/calculate";

const HEALTH: &str = "GET /api/health";

/// A choice in every category.
const FULL: &str = include_str!("../../../lib/domain/benches/full_configuration.json");

/// The first does nothing but answer: the others are compared with it.
const ENDPOINTS: [(Method, &str, &str); 3] = [
    (Method::GET, "/api/health", ""),
    (Method::GET, "/api/pricing/data", ""),
    (Method::POST, CALCULATE, FULL),
];

pub(crate) fn run(bench: &Bench) -> Result<Found, Failure> {
    let system = bench.runtime.block_on(System::start(&bench.servers, &[]))?;
    let mut rounds = Vec::new();
    for round in 0..bench.either(ROUNDS, 1) {
        eprintln!("round {}", round + 1);
        for (method, path, body) in &ENDPOINTS {
            rounds.push(((method, *path), load(bench, &system, (method, path, body))?));
        }
    }
    bench.runtime.block_on(system.end(&bench.servers))?;
    let of = |wanted: &str, q: f64| -> Vec<f64> {
        let own = rounds.iter().filter(|((_, path), _)| *path == wanted);
        own.map(|(_, outcome)| outcome.quantile(q)).collect()
    };
    let mut figures = Vec::new();
    for (method, path, _) in &ENDPOINTS[1..] {
        for (name, q, varies) in [("p50", 0.5, MEDIAN_VARIES), ("p99", 0.99, TAIL_VARIES)] {
            let (own, health) = (of(path, q), of(ENDPOINTS[0].1, q));
            let figure = Figure::new(&format!("{method} {path}, {name}"), "ms", &own);
            let figure = figure.against(HEALTH, (&own, &health), Better::Lower, varies);
            let is_promised = *path == CALCULATE && name == "p99";
            figures.push(if is_promised { figure.below(P99_MAX) } else { figure });
        }
    }
    let errors: u64 = rounds.iter().map(|(_, outcome)| outcome.errors).sum();
    let errors = Figure::new("errors", "", &[crate::finding::float(errors)]);
    let none = errors.value == 0.0;
    figures.push(errors.target("none", none));
    let method = format!(
        "{RATE} requests/s at equal intervals, one endpoint after the other; latency counts from \
         when each was due."
    );
    Ok(Found { method, figures, ..Found::default() })
}

fn load(
    bench: &Bench,
    system: &System,
    (method, path, body): (&Method, &str, &str),
) -> Result<Outcome, Failure> {
    let load = Load {
        arrival: Arrival::Constant,
        rate: RATE,
        warm_up: Duration::from_secs(bench.either(2, 1)),
        measured: bench.seconds(15),
        give_up_after: None,
    };
    let outgoing = Outgoing {
        method: method.clone(),
        path: path.to_owned(),
        headers: Vec::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    };
    send(&bench.runtime, system.target(), &load, || outgoing.clone())
}
