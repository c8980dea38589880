//! The operator's command line: run the system locally, migrate, replay, and look after what is kept.

mod admin;
mod cron;
mod files;
mod import;
mod mail;
mod rebuild;
mod replay;
mod sending;
mod serve;
mod synth;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use nest_haus::accounts;
use nest_haus::configurator;
use nest_haus::jobs::{self, Job};
use nest_haus::operations::Trigger;
use nest_haus::platform::{App, Clock, Config, process_var, start_telemetry};
use nest_haus::setup::set_up;
use nest_haus::tracking::{dead_letters, ledger};
use nest_haus_domain::tracking::SessionId;
use uuid::Uuid;

/// A failure, told to the person at the terminal.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// NEST-Haus: tracking, analytics and operations of the configurator.
#[derive(Parser)]
#[command(name = "nest-haus", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve every endpoint, the cron schedule and the static files in one local process.
    Serve(serve::Options),
    /// Bring the database up to date, make its partitions, and put the first catalogue in force.
    Migrate,
    /// Store visitors of the last thirty days for demonstration.
    Seed {
        /// Only if no session was ever stored.
        #[arg(long)]
        if_empty: bool,
    },
    /// Send a recorded trace to a running system, request by request.
    Replay {
        /// The trace: one JSON object a line with `method`, `path`, `contentType` and `body`.
        file: PathBuf,
        /// Address of the running system.
        #[arg(long, default_value = "http://127.0.0.1:3000")]
        base: String,
        /// Keep the recorded pauses, this many times faster; 0 leaves them out.
        #[arg(long, default_value_t = 0.0)]
        speed: f64,
    },
    /// Simulate visitors whose true numbers are known.
    Synth(synth::Options),
    /// Send a recorded click stream of another system to a running one.
    Import {
        /// The stream: one JSON object a line, compressed if its name ends in `.gz`.
        file: PathBuf,
        /// Address of the running system.
        #[arg(long, default_value = "http://127.0.0.1:3000")]
        base: String,
    },
    /// Show what became of every transmission and of every numbered event. Fails if anything is
    /// unaccounted for.
    Ledger {
        /// The ledger of one session.
        #[arg(long)]
        session: Option<String>,
        /// Do not count the rows of all events, which takes time in proportion to them.
        #[arg(long)]
        quick: bool,
    },
    /// Make visits and everything that is rolled up from events anew, after a change of rules or of a
    /// definition. Reports stay available meanwhile.
    Rebuild,
    /// Look at events that could not be stored, and send them again.
    DeadLetters {
        #[command(subcommand)]
        command: DeadLetters,
    },
    /// Make accounts and API keys of administrators.
    Admin {
        #[command(subcommand)]
        command: admin::Command,
    },
    /// Look after the audit log.
    Audit {
        #[command(subcommand)]
        command: Audit,
    },
    /// Look at jobs, and run them.
    Job {
        #[command(subcommand)]
        command: JobCommand,
    },
    /// Print the OpenAPI document.
    Openapi,
}

#[derive(Subcommand)]
enum Audit {
    /// Check that nothing in the log, and no price list, was changed or removed. Fails if something
    /// was.
    Verify,
}

#[derive(Subcommand)]
enum JobCommand {
    /// List the jobs and when they are due.
    List,
    /// Run a job now.
    Run {
        /// Its name.
        name: String,
    },
}

#[derive(Subcommand)]
enum DeadLetters {
    /// List what was refused and what could not be stored, newest first.
    List {
        /// Most rows.
        #[arg(long, default_value_t = 100)]
        limit: i64,
    },
    /// Send dead letters again: one, or all.
    Replay {
        /// A dead letter's id.
        id: Option<Uuid>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command).await {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("nest-haus: {}", with_causes(&*failure));
            ExitCode::FAILURE
        }
    }
}

fn with_causes(failure: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(failure.source(), |cause| cause.source());
    causes.fold(failure.to_string(), |text, cause| format!("{text}: {cause}"))
}

async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve(options) => serve::run(app()?, options).await?,
        Command::Migrate => migrate(&app()?).await?,
        Command::Seed { if_empty } => {
            let app = app()?;
            if !if_empty || !app.has_sessions().await? {
                synth::seed(&app).await?;
            }
        }
        Command::Synth(options) => return synth::run(options, app).await,
        Command::Import { file, base } => return import::import(&file, &base).await,
        Command::Replay { file, base, speed } => return replay::replay(&file, &base, speed).await,
        Command::Ledger { session, quick } => return show_ledger(&app()?, session, quick).await,
        Command::Rebuild => rebuild::run(&app()?).await?,
        Command::DeadLetters { command } => manage_dead_letters(&app()?, command).await?,
        Command::Admin { command } => admin::run(&app()?, command).await?,
        Command::Audit { command: Audit::Verify } => return verify_audit_log(&app()?).await,
        Command::Job { command } => manage_jobs(command).await?,
        Command::Openapi => print(&nest_haus::endpoints::openapi())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn app() -> Result<App, Failure> {
    let config = Config::from_vars(&process_var)?;
    start_telemetry(config.environment, process_var("RUST_LOG").as_deref());
    Ok(App::new(config, Clock::system())?)
}

async fn migrate(app: &App) -> Result<(), Failure> {
    let report = set_up(app).await?;
    eprintln!("database up to date, {} partitions made", report.partitions);
    if report.first_catalogue {
        eprintln!("the first catalogue is in force");
    }
    Ok(())
}

/// Checks the chain of the audit log, and the price lists against it.
async fn verify_audit_log(app: &App) -> Result<ExitCode, Failure> {
    let report = accounts::verify(app).await?;
    print(&report)?;
    let changed = configurator::changed_price_lists(&app.db).await?;
    for version in &changed {
        eprintln!("price list {version} is not what the audit log recorded");
    }
    let whole = report.broken.is_none() && changed.is_empty();
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn show_ledger(app: &App, session: Option<String>, quick: bool) -> Result<ExitCode, Failure> {
    let closed = if let Some(session) = session {
        let session = SessionId::try_from(session)?;
        let ledger = ledger::session_ledger(app, &session).await?;
        print(&ledger)?;
        ledger.is_closed()
    } else {
        let ledger = ledger::ledger(app, !quick, app.clock.now()).await?;
        print(&ledger)?;
        ledger.is_closed()
    };
    if !closed {
        eprintln!(
            "the ledger does not close: look at `difference`, `unknown`, `overcounted` and \
             `unbalancedSessions`; `moving` says that events were on their way meanwhile"
        );
    }
    Ok(if closed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn manage_dead_letters(app: &App, command: DeadLetters) -> Result<(), Failure> {
    match command {
        DeadLetters::List { limit } => print(&dead_letters::list(app, None, None, limit).await?),
        DeadLetters::Replay { id } => print(&dead_letters::replay(app, id, None).await?),
    }
}

async fn manage_jobs(command: JobCommand) -> Result<(), Failure> {
    match command {
        JobCommand::List => {
            for job in jobs::ALL {
                eprintln!("{:<26}{:<16}{}", job.name, job.schedule, job.summary);
            }
            Ok(())
        }
        JobCommand::Run { name } => {
            let job =
                Job::of_name(&name).ok_or("there is no such job; see `nest-haus job list`")?;
            let app = app()?;
            let report = jobs::start(&app, job, &Trigger::Command, app.config.job_budget).await?;
            print(&report)?;
            if let Some(work) = &job.then {
                work.clone().run(&app).await;
            }
            Ok(())
        }
    }
}

/// Prints a result as JSON, the one thing that goes to standard output.
fn print(value: &impl serde::Serialize) -> Result<(), Failure> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}
