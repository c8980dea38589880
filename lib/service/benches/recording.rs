//! What recording costs a request: the same statements with and without it, in the same run. The difference
//! must stay below 20 microseconds a request.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark fails by panicking and prints what it found"
)]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use criterion::{BenchmarkId, Criterion};
use nest_haus::platform::{
    Clock, Measure, Recorder, own_span, test_logs_subscriber, test_subscriber,
};
use nest_haus_domain::monitoring::Metric;
use tokio::runtime::{Builder, Runtime};
use tracing::Level;
use tracing::subscriber::with_default;

/// Statements of a request: of one that only tracks, and of a report.
const STATEMENTS: [u32; 3] = [0, 3, 15];

/// What is promised.
const PROMISED: Duration = Duration::from_micros(20);

/// Requests of each kind for the difference.
const REQUESTS: u32 = 20_000;

/// As long as statements here are.
const STATEMENT: &str = "SELECT metric AS \"metric!\", device, page_group, index AS \"index!\",
    sum(count)::bigint AS \"count!\"
 FROM metric_counts($1, $2, $3)
 GROUP BY GROUPING SETS ((metric, index), (metric, device, index), (metric, page_group, index))";

/// Does what sqlx does after a statement: it words its event only where somebody listens.
fn statement() {
    if tracing::enabled!(target: "sqlx::query", Level::DEBUG) {
        let summary: Vec<&str> = STATEMENT.split_whitespace().take(4).collect();
        let (summary, statement) = (summary.join(" "), format!("\n\n{STATEMENT}\n"));
        let elapsed = black_box(Duration::from_micros(830));
        tracing::event!(
            target: "sqlx::query",
            Level::DEBUG,
            summary,
            db.statement = statement,
            rows_affected = 0_u64,
            rows_returned = 12_u64,
            ?elapsed,
            elapsed_secs = elapsed.as_secs_f64(),
        );
    }
}

async fn handler(statements: u32) {
    for _ in 0..statements {
        statement();
    }
    tokio::task::yield_now().await;
}

async fn recorded(recorder: &Recorder, statements: u32, now: DateTime<Utc>) {
    let endpoint = format!("{} {}", "GET", black_box("/api/admin/analytics/performance"));
    let trace = own_span(None);
    let measure = Measure::begin(endpoint, "fra1::abcde-1795295771438".to_owned(), trace, now);
    measure.around(handler(statements)).await;
    recorder.note_request(&measure, 200, measure.elapsed());
}

fn main() -> ExitCode {
    let runtime = Builder::new_current_thread().build().unwrap();
    let mut criterion = Criterion::default().configure_from_args();
    compare(&mut criterion, &runtime);
    criterion.final_summary();
    let kept = STATEMENTS.map(|statements| is_kept(&runtime, statements));
    if kept.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn compare(criterion: &mut Criterion, runtime: &Runtime) {
    let (recorder, now) = (Recorder::default(), Clock::system().now());
    let mut group = criterion.benchmark_group("request");
    for statements in STATEMENTS {
        with_default(test_logs_subscriber(std::io::sink), || {
            group.bench_function(BenchmarkId::new("bare", statements), |bencher| {
                bencher.iter(|| runtime.block_on(handler(statements)));
            });
        });
        with_default(test_subscriber(std::io::sink), || {
            group.bench_function(BenchmarkId::new("recorded", statements), |bencher| {
                bencher.iter(|| runtime.block_on(recorded(&recorder, statements, now)));
            });
        });
    }
    group.finish();
}

/// Whether the difference is as promised. Measures both in turns, so that a busy machine slows both alike.
fn is_kept(runtime: &Runtime, statements: u32) -> bool {
    const TURNS: u32 = 20;
    let (recorder, now) = (Recorder::default(), Clock::system().now());
    let (mut bare, mut with) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..TURNS {
        let timed = |request: &dyn Fn()| {
            let begun = Instant::now();
            (0..REQUESTS / TURNS).for_each(|_| request());
            begun.elapsed()
        };
        let logs = test_logs_subscriber(std::io::sink);
        bare += with_default(logs, || timed(&|| runtime.block_on(handler(statements))));
        let all = test_subscriber(std::io::sink);
        let request = || runtime.block_on(recorded(&recorder, statements, now));
        with += with_default(all, || timed(&request));
    }
    let flush = recorder.next_flush(now).unwrap();
    let noted = flush.recordings.iter().find(|row| row.metric == Metric::DatabaseQueryTime);
    let noted: i64 = noted.map_or(0, |row| row.counts.iter().sum());
    assert_eq!(noted, i64::from(REQUESTS * statements), "every statement is recorded");
    let cost = with.saturating_sub(bare) / REQUESTS;
    let kept = cost < PROMISED;
    println!(
        "recording costs {cost:?} a request of {statements} statements; promised {PROMISED:?}: {}",
        if kept { "kept" } else { "MISSED" }
    );
    kept
}
