//! How long clients wait for prices while requests come at a constant rate, however long each takes.
//! `scripts/bench` starts the system that is measured.
//!
//! Latency counts from the moment at which a request was due: while the system stalls, the requests
//! that would have come meanwhile wait, and count, too.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark fails by panicking and prints what it found"
)]

use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use nest_haus::platform::{choose_tls, process_var};
use reqwest::{Client, Method, RequestBuilder};
use tokio::runtime::{Builder, Runtime};

/// Requests a second, one endpoint after the other.
const RATE: u32 = 200;

const WARM_UP_SECONDS: u32 = 2;

const MEASURED_SECONDS: u32 = 20;

/// A request that takes longer failed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is promised for [`CALCULATE`], in milliseconds.
const P99_MAX: f64 = 5.0;

const CALCULATE: &str = "/api/pricing/calculate";

/// A choice in every category.
const FULL: &str = include_str!("../../lib/domain/benches/full_configuration.json");

/// The first does nothing but answer: the others are compared with it.
const ENDPOINTS: [(Method, &str, &str); 3] = [
    (Method::GET, "/api/health", ""),
    (Method::GET, "/api/pricing/data", ""),
    (Method::POST, CALCULATE, FULL),
];

fn main() -> ExitCode {
    let Some(base) = process_var("NEST_HAUS_BENCH_BASE") else {
        eprintln!("NEST_HAUS_BENCH_BASE is not set; run scripts/bench, which starts a system");
        return ExitCode::FAILURE;
    };
    choose_tls();
    let client = Client::builder().timeout(TIMEOUT).build().unwrap();
    // One thread beside the one that keeps time: the system under test needs the others.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    println!("{RATE} requests/s for {MEASURED_SECONDS} s, milliseconds from when each was due");
    println!(
        "{:<28}{:>8}{:>8}{:>8}{:>8}{:>8}{:>14}{:>6}",
        "", "p50", "p95", "p99", "max", "errors", "by health p50", "p99"
    );
    let (mut baseline, mut is_kept) = (None, true);
    for (method, path, body) in ENDPOINTS {
        let name = format!("{method} {path}");
        let request = client.request(method, format!("{base}{path}")).body(body);
        send_at_rate(&runtime, &request, WARM_UP_SECONDS);
        let Found { latencies, errors } = send_at_rate(&runtime, &request, MEASURED_SECONDS);
        let [p50, p95, p99, max] = [0.5, 0.95, 0.99, 1.0]
            .map(|q| Duration::from_micros(latencies.value_at_quantile(q)).as_secs_f64() * 1e3);
        let (health_p50, health_p99) = *baseline.get_or_insert((p50, p99));
        let (by_p50, by_p99) = (p50 / health_p50, p99 / health_p99);
        print!("{name:<28}{p50:>8.2}{p95:>8.2}{p99:>8.2}{max:>8.2}{errors:>8}");
        println!("{by_p50:>14.1}{by_p99:>6.1}");
        is_kept &= errors == 0 && (path != CALCULATE || p99 < P99_MAX);
    }
    let verdict = if is_kept { "kept" } else { "MISSED" };
    println!("promised: p99 of {CALCULATE} below {P99_MAX} ms and no errors: {verdict}");
    if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Found {
    /// Microseconds of the requests that were answered as they should be.
    latencies: Histogram<u64>,
    errors: u32,
}

/// Sends a request again and again, each when it is due, whether or not earlier ones were answered.
fn send_at_rate(runtime: &Runtime, request: &RequestBuilder, seconds: u32) -> Found {
    let start = Instant::now();
    let send = |n: u32| {
        let due = start + Duration::from_secs(1) * n / RATE;
        sleep(due.saturating_duration_since(Instant::now()));
        runtime.spawn(latency(request.try_clone().unwrap(), due))
    };
    let sent: Vec<_> = (0..RATE * seconds).map(send).collect();
    let mut found = Found { latencies: Histogram::new(3).unwrap(), errors: 0 };
    for answer in sent {
        match runtime.block_on(answer).unwrap() {
            Ok(latency) => found.latencies.record(latency.as_micros().try_into().unwrap()).unwrap(),
            Err(error) => {
                if found.errors == 0 {
                    eprintln!("{error}");
                }
                found.errors += 1;
            }
        }
    }
    found
}

/// The time from when a request was due until its answer was read.
async fn latency(request: RequestBuilder, due: Instant) -> reqwest::Result<Duration> {
    request.send().await?.error_for_status()?.bytes().await?;
    Ok(due.elapsed())
}
