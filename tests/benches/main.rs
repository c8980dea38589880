//! Measures the running system beside baselines in the same minutes, and writes down what it found.
//! `scripts/bench` builds everything, starts servers and calls this.

mod baseline;
mod connection;
mod document;
mod finding;
mod load;
mod machine;
mod process;
mod requests;
mod scenarios;
mod system;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use nest_haus::platform::{Clock, choose_tls, process_var};
use tokio::runtime::{Builder, Runtime};

use crate::finding::{Measured, Results};
use crate::machine::Machine;
use crate::scenarios::Scenario;

/// A failure, told to the person at the terminal.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure scenarios, and put what was found into a file, beside what is there.
    Run {
        /// Which.
        #[arg(required = true)]
        scenarios: Vec<Scenario>,
        /// The file.
        #[arg(long)]
        results: PathBuf,
        /// Only to see that everything works: a second or two of each.
        #[arg(long)]
        trial: bool,
    },
    /// Serve as a baseline.
    Baseline(baseline::Options),
    /// Put what was found into `performance.json` and `performance.md` of a folder, beside what is
    /// there of scenarios that did not run. Fails where a target was missed.
    Write {
        #[arg(long)]
        results: PathBuf,
        #[arg(long, default_value = "docs")]
        folder: PathBuf,
    },
    /// Compare what was found with `performance.json` of a folder. Fails where a ratio got worse.
    Check {
        #[arg(long)]
        results: PathBuf,
        #[arg(long, default_value = "docs")]
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run { scenarios, results, trial } => {
            Bench::new(trial).and_then(|bench| bench.run(&scenarios, &results))
        }
        Command::Baseline(options) => serve(options),
        Command::Write { results, folder } => document::write(&results, &folder),
        Command::Check { results, folder } => document::check(&results, &folder),
    };
    done.unwrap_or_else(|failure| {
        eprintln!("nest-haus-bench: {failure}");
        ExitCode::FAILURE
    })
}

/// Serves with the runtime that `nest-haus serve` has: a thread a core.
fn serve(options: baseline::Options) -> Result<ExitCode, Failure> {
    Builder::new_multi_thread().enable_all().build()?.block_on(baseline::serve(options))?;
    Ok(ExitCode::SUCCESS)
}

/// PostgreSQL and Redis, as `scripts/services` started them.
pub(crate) struct Servers {
    pub(crate) database_url: String,
    pub(crate) redis_url: String,
    /// Their processes, where they were started for this run.
    pub(crate) postgres: Option<u32>,
    pub(crate) redis: Option<u32>,
}

impl Servers {
    fn from_environment() -> Result<Self, Failure> {
        let pid = |name: &str| process_var(name).and_then(|pid| pid.parse().ok());
        let url = |name: &str| process_var(name).ok_or_else(|| format!("{name} is not set"));
        Ok(Self {
            database_url: url("DATABASE_URL")?,
            redis_url: url("REDIS_URL")?,
            postgres: pid("NEST_HAUS_POSTGRES_PID"),
            redis: pid("NEST_HAUS_REDIS_PID"),
        })
    }

    pub(crate) async fn redis(&self) -> Result<redis::aio::MultiplexedConnection, Failure> {
        let client = redis::Client::open(self.redis_url.as_str())?;
        Ok(client.get_multiplexed_async_connection().await?)
    }

    /// Removes every key with a prefix.
    pub(crate) async fn forget(&self, prefix: &str) -> Result<(), Failure> {
        let mut connection = self.redis().await?;
        let mut cursor = 0;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(format!("{prefix}*")).arg("COUNT").arg(10_000);
            let (next, keys): (u64, Vec<String>) = scan.query_async(&mut connection).await?;
            if !keys.is_empty() {
                redis::cmd("UNLINK").arg(keys).query_async::<()>(&mut connection).await?;
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }
}

/// What all scenarios share.
pub(crate) struct Bench {
    /// One thread beside the one that keeps time: the system under test needs the others.
    pub(crate) runtime: Runtime,
    pub(crate) servers: Servers,
    pub(crate) clock: Clock,
    trial: bool,
}

/// What a scenario found, before it is known when and where.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) method: String,
    pub(crate) figures: Vec<finding::Figure>,
    pub(crate) notes: Vec<String>,
    pub(crate) profile: Vec<String>,
}

impl Bench {
    fn new(trial: bool) -> Result<Self, Failure> {
        choose_tls();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { runtime, servers: Servers::from_environment()?, clock: Clock::system(), trial })
    }

    /// A number of the whole measurement, or of a trial.
    pub(crate) const fn either<T: Copy>(&self, whole: T, trial: T) -> T {
        if self.trial { trial } else { whole }
    }

    /// Seconds of the whole measurement; of a trial one.
    pub(crate) fn seconds(&self, whole: u64) -> Duration {
        Duration::from_secs(self.either(whole, whole.min(1)))
    }

    /// Measures one scenario after another, and keeps what each found. One that fails does not keep
    /// the others from being measured.
    fn run(&self, scenarios: &[Scenario], file: &std::path::Path) -> Result<ExitCode, Failure> {
        let machine = self.runtime.block_on(Machine::find(&self.servers))?;
        let commit = process_var("NEST_HAUS_BENCH_COMMIT").unwrap_or_else(|| "unknown".to_owned());
        let mut results: Results = document::read(file)?;
        let mut code = ExitCode::SUCCESS;
        for scenario in scenarios {
            eprintln!("-- {}", scenario.name());
            let started = Instant::now();
            let found = match scenario.run(self) {
                Ok(found) => found,
                Err(failure) => {
                    eprintln!("{} failed: {failure}", scenario.name());
                    code = ExitCode::FAILURE;
                    continue;
                }
            };
            let measured = Measured {
                date: self.clock.now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
                commit: commit.clone(),
                machine: machine.to_string(),
                took_s: started.elapsed().as_secs(),
                method: found.method,
                figures: found.figures,
                notes: found.notes,
                profile: found.profile,
            };
            writeln!(std::io::stdout(), "{}", document::terminal(scenario.name(), &measured))?;
            results.insert(scenario.name().to_owned(), measured);
            document::save(file, &results)?;
        }
        Ok(code)
    }
}
