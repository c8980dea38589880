//! Logs: one JSON object a line on standard error, or plain text in local mode; and how long statements
//! take, noted for their requests.

use std::cell::RefCell;
use std::fmt;
use std::sync::Once;
use std::time::Duration;

use nest_haus_domain::monitoring::Metric;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

use super::config::Environment;
use super::measure::{Described, note};

/// What sqlx calls its events, one a statement.
const STATEMENTS: &str = "sqlx::query";

/// What is logged where `RUST_LOG` says nothing.
const LOGGED: &str = "info,sqlx=warn";

/// Where logs go, as a layer over everything else.
type Logs = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts logging and measuring for the process; a second call changes nothing.
pub fn start_telemetry(environment: Environment, filter: Option<&str>) {
    let filter =
        EnvFilter::try_new(filter.unwrap_or(LOGGED)).unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    note_panics(environment == Environment::Local);
    start(match environment {
        Environment::Local => logs.compact().with_filter(filter).boxed(),
        Environment::Staging | Environment::Production => {
            logs.json().flatten_event(true).with_filter(filter).boxed()
        }
    });
}

/// The same for tests: logs as a deployment writes them, into a file.
#[cfg(feature = "testing")]
pub fn start_test_telemetry<W>(writer: W)
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    note_panics(true);
    start(test_logs(writer));
}

/// What a test reads that looks at the log of single requests.
#[cfg(feature = "testing")]
pub fn test_subscriber<W>(writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::registry().with(test_logs(writer)).with(statements())
}

/// The same without statements, which benchmarks compare it with.
#[cfg(feature = "testing")]
pub fn test_logs_subscriber<W>(writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::registry().with(test_logs(writer))
}

#[cfg(feature = "testing")]
fn test_logs<W>(writer: W) -> Logs
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let logs = tracing_subscriber::fmt::layer().json().flatten_event(true);
    logs.with_writer(writer).with_filter(EnvFilter::new(LOGGED)).boxed()
}

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Where in the source this thread panicked last; told once.
#[must_use]
pub fn last_panic() -> Option<String> {
    LAST_PANIC.take()
}

/// Notes where panics happen. What they say may repeat what a visitor sent, so that a deployment logs their
/// place alone; elsewhere they are told as always.
fn note_panics(in_full: bool) {
    static NOTED: Once = Once::new();
    NOTED.call_once(|| {
        let known = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let place = panic.location().map(ToString::to_string);
            if in_full {
                known(panic);
            } else {
                tracing::error!(place, "panic");
            }
            LAST_PANIC.set(place);
        }));
    });
}

fn start(logs: Logs) {
    let _already_started = tracing_subscriber::registry().with(logs).with(statements()).try_init();
}

fn statements<S: Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>>()
-> impl Layer<S> {
    Statements.with_filter(Targets::new().with_target(STATEMENTS, Level::DEBUG))
}

/// Reads what sqlx says about each statement.
struct Statements;

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut time = StatementTime::default();
        event.record(&mut time);
        let Some(took) = time.0 else { return };
        note(Metric::DatabaseQueryTime, took, || {
            let mut text = StatementText::default();
            event.record(&mut text);
            text.described()
        });
    }
}

#[derive(Default)]
struct StatementTime(Option<Duration>);

impl Visit for StatementTime {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.0 = Duration::try_from_secs_f64(value).ok();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// The text of a statement, read only where it was slow: copying it costs more than all else here.
#[derive(Default)]
struct StatementText {
    summary: String,
    statement: String,
}

impl StatementText {
    /// Of a short statement sqlx says everything in the summary.
    fn described(self) -> Described {
        let name = self.summary.trim_end_matches(" …").to_owned();
        let statement = if self.statement.is_empty() { name.clone() } else { self.statement };
        Described { name, statement: Some(statement) }
    }
}

impl Visit for StatementText {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
