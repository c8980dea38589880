//! Synthetic visitors: into files, into a running system, or straight into the database.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use nest_haus::analytics::visits;
use nest_haus::operations::ensure_partitions;
use nest_haus::platform::{App, Clock};
use nest_haus::tracking::bulk::{self, BulkReport, CapturedPayment};
use nest_haus_domain::tracking::Entry;
use nest_haus_synth::{INTERNAL_SESSION_PREFIX, Payment, Scenario, Session, Simulation, Truth};

use crate::Failure;
use crate::sending::{Answers, System};

/// Sessions that are sent at a time.
const SESSIONS_AT_A_TIME: usize = 16;

/// Sessions of one transaction, about 4,000 events.
const SESSIONS_A_BATCH: usize = 200;

/// Batches that are stored at a time: one is read by the database while the next is written.
const BATCHES_AT_A_TIME: usize = 3;

/// Visits are projected for so long before progress is shown.
const PROJECTION_TIME: Duration = Duration::from_secs(5);

/// Pause where another process projects visits.
const PROJECTION_PAUSE: Duration = Duration::from_millis(500);

/// What records payments and rules, as their rows name it.
const RECORDED_BY: &str = "nest-haus synth";

/// Sessions of the demonstration, and the days that they are spread over.
const DEMONSTRATION: (u32, u32) = (300, 30);

/// What all chance of the demonstration follows from.
const DEMONSTRATION_SEED: u64 = 2026;

/// What to simulate, and where it goes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Number of sessions.
    #[arg(long, default_value_t = 1000)]
    sessions: u32,
    /// What all chance follows from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Days that the sessions are spread over.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=400))]
    days: u32,
    /// Nothing happens after this moment: RFC 3339; now, if left out.
    #[arg(long)]
    until: Option<DateTime<Utc>>,
    /// Write into this folder: `requests.ndjson`, which `replay` reads; `payments.ndjson`, each line a
    /// body for `POST /api/admin/payments`; the true numbers as `truth.json`.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Send everything to the running system at this address. What happened more than seven days
    /// ago is kept as late there.
    #[arg(long, conflicts_with = "store")]
    send: Option<String>,
    /// Store everything in the configured database, without HTTP and queue, as if it had arrived
    /// in its time.
    #[arg(long)]
    store: bool,
}

/// Simulates, and prints the true numbers where no folder for them was given.
pub(crate) async fn run(
    options: Options,
    app: impl FnOnce() -> Result<App, Failure>,
) -> Result<ExitCode, Failure> {
    if options.out.is_none() && options.send.is_none() && !options.store {
        return Err("say where it goes: --out FOLDER, --send ADDRESS or --store".into());
    }
    let until = options.until.unwrap_or_else(|| Clock::system().now());
    let scenario = Scenario::of_days(options.sessions, options.seed, options.days, until);
    let files = options.out.as_deref().map(Files::create).transpose()?;
    let mut sessions = Sessions { simulation: Simulation::new(scenario)?, files };
    let code = if options.store {
        let app = app()?;
        store(&app, &mut sessions).await?;
        bulk::take_stock(&app).await?;
        ExitCode::SUCCESS
    } else if let Some(base) = &options.send {
        send(base, &mut sessions).await?
    } else {
        write(&mut sessions)?;
        ExitCode::SUCCESS
    };
    let truth = sessions.simulation.into_truth();
    match sessions.files {
        Some(files) => files.finish(&truth)?,
        None => crate::print(&truth)?,
    }
    Ok(code)
}

/// Stores visitors of the last days for demonstration, the same at each call but for their time.
pub(crate) async fn seed(app: &App) -> Result<(), Failure> {
    let (sessions, days) = DEMONSTRATION;
    let scenario = Scenario::of_days(sessions, DEMONSTRATION_SEED, days, app.clock.now());
    store(app, &mut Sessions { simulation: Simulation::new(scenario)?, files: None }).await
}

/// Sessions as they are simulated, written down on the way.
struct Sessions {
    simulation: Simulation,
    files: Option<Files>,
}

impl Iterator for Sessions {
    type Item = Result<Session, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let session = self.simulation.next()?;
        Some(match self.files.as_mut().map(|files| files.write(&session)) {
            Some(Err(error)) => Err(error),
            Some(Ok(())) | None => Ok(session),
        })
    }
}

/// What is written down, in the order of sessions.
struct Files {
    folder: PathBuf,
    requests: BufWriter<File>,
    payments: BufWriter<File>,
}

impl Files {
    fn create(folder: &Path) -> Result<Self, Failure> {
        let create = |name: &str| -> std::io::Result<BufWriter<File>> {
            Ok(BufWriter::new(File::create(folder.join(name))?))
        };
        let files = || {
            fs::create_dir_all(folder)?;
            let (requests, payments) = (create("requests.ndjson")?, create("payments.ndjson")?);
            Ok(Self { folder: folder.to_owned(), requests, payments })
        };
        files().map_err(|error: std::io::Error| {
            format!("{} cannot be written: {error}", folder.display()).into()
        })
    }

    fn write(&mut self, session: &Session) -> Result<(), Failure> {
        for transmission in &session.transmissions {
            serde_json::to_writer(&mut self.requests, &transmission.request())?;
            self.requests.write_all(b"\n")?;
        }
        if let Some(payment) = &session.payment {
            serde_json::to_writer(&mut self.payments, &payment.body())?;
            self.payments.write_all(b"\n")?;
        }
        Ok(())
    }

    fn finish(mut self, truth: &Truth) -> Result<(), Failure> {
        self.requests.flush()?;
        self.payments.flush()?;
        fs::write(self.folder.join("truth.json"), serde_json::to_vec_pretty(truth)?)?;
        Ok(())
    }
}

fn progress(sessions: &Sessions) -> Result<ProgressBar, Failure> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} sessions, {per_sec} {msg}")?;
    Ok(ProgressBar::new(sessions.simulation.len() as u64).with_style(style))
}

fn write(sessions: &mut Sessions) -> Result<(), Failure> {
    let progress = progress(sessions)?;
    for session in sessions {
        session?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(())
}

/// Sends sessions, several at a time, the requests of each in their order.
async fn send(base: &str, sessions: &mut Sessions) -> Result<ExitCode, Failure> {
    let system = System::at(base, "nest-haus-synth")?;
    let progress = progress(sessions)?;
    let (mut answers, mut payments) = (Answers::default(), 0);
    let mut sent = futures::stream::iter(sessions)
        .map(|session| send_session(&system, session))
        .buffer_unordered(SESSIONS_AT_A_TIME);
    while let Some(of_session) = sent.next().await {
        let of_session = of_session?;
        answers.add(of_session.answers);
        payments += u64::from(of_session.paid);
        progress.inc(1);
    }
    progress.finish_and_clear();
    if payments > 0 {
        eprintln!("{payments} payments are for the payment provider to report: payments.ndjson");
    }
    Ok(answers.report())
}

/// What became of a session that was sent.
struct Sent {
    answers: Answers,
    paid: bool,
}

async fn send_session(system: &System, session: Result<Session, Failure>) -> Result<Sent, Failure> {
    let session = session?;
    let mut answers = Answers::default();
    for transmission in &session.transmissions {
        let request = transmission.request().moved_to(Clock::system().now());
        answers.note(&request, system.send(&request, "application/json").await?);
    }
    Ok(Sent { answers, paid: session.payment.is_some() })
}

/// Stores sessions in large batches, and says how fast.
async fn store(app: &App, sessions: &mut Sessions) -> Result<(), Failure> {
    prepare(app, sessions.simulation.scenario()).await?;
    let started = Clock::system().now();
    let progress = progress(sessions)?;
    let batches = std::iter::from_fn(|| {
        let batch: Vec<_> = sessions.by_ref().take(SESSIONS_A_BATCH).collect();
        (!batch.is_empty()).then(|| batch.into_iter().collect::<Result<Vec<_>, _>>())
    });
    let mut storing = futures::stream::iter(batches)
        .map(|batch| {
            let app = app.clone();
            let stored = tokio::spawn(async move { store_batch(&app, batch?).await });
            async move { stored.await? }
        })
        .buffered(BATCHES_AT_A_TIME);
    let mut events = 0;
    while let Some((stored, report)) = storing.try_next().await? {
        events += report.stored;
        progress.inc(stored);
        progress.set_message(format!("{events} events"));
    }
    progress.finish_and_clear();
    let seconds = (Clock::system().now() - started).num_milliseconds().max(1);
    eprintln!("{events} events stored, {} a second", events * 1000 / seconds);
    bulk::take_stock(app).await?;
    project(app).await
}

/// Projects the visits of what was stored, so that reports show it at once.
async fn project(app: &App) -> Result<(), Failure> {
    let progress = ProgressBar::new_spinner()
        .with_style(ProgressStyle::with_template("{spinner} {pos} sessions projected, {per_sec}")?);
    loop {
        let report = visits::project(app, PROJECTION_TIME).await?;
        progress.inc(report.sessions);
        if report.complete {
            progress.finish_and_clear();
            return Ok(());
        }
        if report.held_elsewhere {
            tokio::time::sleep(PROJECTION_PAUSE).await;
        }
    }
}

/// Makes the partitions that the time of a scenario needs, and the rule that knows its internal
/// traffic.
async fn prepare(app: &App, scenario: &Scenario) -> Result<(), Failure> {
    let mut moment = scenario.from;
    while moment < scenario.until {
        ensure_partitions(app, moment).await?;
        moment += TimeDelta::days(28);
    }
    ensure_partitions(app, scenario.until).await?;
    bulk::mark_internal(app, INTERNAL_SESSION_PREFIX, RECORDED_BY).await?;
    Ok(())
}

async fn store_batch(app: &App, sessions: Vec<Session>) -> Result<(u64, BulkReport), Failure> {
    let count = sessions.len() as u64;
    let payments: Vec<CapturedPayment> =
        sessions.iter().filter_map(|session| session.payment.as_ref()).map(captured).collect();
    let entries: Vec<Vec<Entry>> = sessions.into_iter().map(Session::entries).collect();
    bulk::store_payments(app, &payments, RECORDED_BY).await?;
    Ok((count, bulk::store_sessions(app, entries).await?))
}

fn captured(payment: &Payment) -> CapturedPayment {
    CapturedPayment {
        payment_id: payment.payment_id.clone(),
        order_id: payment.order_id.clone(),
        session_id: payment.session_id.clone(),
        paid_at: payment.paid_at,
        amount_cents: payment.amount_cents,
    }
}
