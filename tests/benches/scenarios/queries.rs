//! How long reports take on a large database, beside a request that reads nothing.

use std::time::Instant;

use crate::connection::Target;
use crate::finding::{Better, Figure, TAIL_VARIES, median};
use crate::system::System;
use crate::{Bench, Failure, Found};

/// Reports, as a dashboard asks for them.
const REPORTS: [(&str, &str); 11] = [
    ("overview", "overview?timeRange=90d"),
    ("overview beside the range before", "overview?timeRange=30d&compare=previous"),
    ("conversion-funnel", "conversion-funnel?timeRange=90d"),
    ("popular-configs", "popular-configs?timeRange=30d"),
    ("real-time", "real-time"),
    ("performance", "performance?timeRange=90d"),
    ("journeys", "journeys?timeRange=90d"),
    ("retention", "retention?timeRange=90d"),
    ("data-quality", "data-quality?timeRange=30d"),
    ("sessions", "sessions?timeRange=30d"),
    ("price-distribution", "price-distribution?timeRange=90d"),
];

/// Calls before those that are measured: a dashboard is opened more than once.
const CALLS_BEFORE: usize = 3;

const ROUNDS: usize = 3;

const HEALTH: &str = "/api/health";

pub(crate) fn run(bench: &Bench) -> Result<Found, Failure> {
    let runtime = &bench.runtime;
    let url = bench.servers.database_url.clone();
    let system = runtime.block_on(System::over(&bench.servers, &url, &[]))?;
    let key = system.api_key()?;
    let events: i64 = runtime.block_on(
        sqlx::query_scalar(
            "SELECT sum(greatest(reltuples, 0))::bigint FROM pg_class
             WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent IN
                ('interaction_events'::regclass, 'configuration_snapshots'::regclass,
                 'session_events'::regclass, 'performance_metrics'::regclass))",
        )
        .fetch_one(&system.db),
    )?;
    let (mut figures, mut notes) = (Vec::new(), Vec::new());
    for (name, query) in REPORTS {
        let path = format!("/api/admin/analytics/{query}");
        match runtime.block_on(report(system.target(), &path, &key)) {
            Ok((own, health)) => {
                eprintln!("{name}: {:.1} ms", median(&own));
                let figure = Figure::new(name, "ms", &own);
                let (lower, varies) = (Better::Lower, TAIL_VARIES);
                figures.push(figure.against(HEALTH, (&own, &health), lower, varies));
            }
            Err(failure) => notes.push(format!("{name} was not measured: {failure}")),
        }
    }
    runtime.block_on(system.end(&bench.servers))?;
    let method = format!(
        "Reports on a database of {events} events (as PostgreSQL estimates them), made by \
         `scripts/large-database`, each by one client over HTTP. Three calls come first; then three \
         are measured, in turns with {HEALTH} by the same client, which reads nothing.",
    );
    Ok(Found { method, figures, notes, ..Found::default() })
}

/// Milliseconds of each measured call of a report, and of the calls of health before them.
async fn report(target: &Target, path: &str, key: &str) -> Result<(Vec<f64>, Vec<f64>), Failure> {
    for _ in 0..CALLS_BEFORE {
        timed(target, path, key).await?;
        timed(target, HEALTH, key).await?;
    }
    let (mut own, mut health) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        health.push(timed(target, HEALTH, key).await?);
        own.push(timed(target, path, key).await?);
    }
    Ok((own, health))
}

async fn timed(target: &Target, path: &str, key: &str) -> Result<f64, Failure> {
    let started = Instant::now();
    target.get(path, Some(key)).await?;
    Ok(started.elapsed().as_secs_f64() * 1e3)
}
