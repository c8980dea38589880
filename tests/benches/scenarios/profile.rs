//! Where the time goes: by Redis's own count of its commands, by statement, and by `perf`.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::drain::{BATCH, Drained, drain_round};
use crate::finding::float;
use crate::load::{Arrival, Load, send};
use crate::process::Process;
use crate::requests::Pool;
use crate::system::System;
use crate::{Bench, Failure, Found, Servers};

/// Samples a second: no multiple of what timers do.
const SAMPLES: &str = "499";

/// Functions that are named.
const FUNCTIONS: usize = 30;

/// Statements that are named.
const STATEMENTS: usize = 16;

/// What Redis says of its commands: calls and microseconds, by name.
#[derive(Default)]
pub(crate) struct RedisTimes(BTreeMap<String, (u64, u64)>);

impl RedisTimes {
    pub(crate) async fn read(servers: &Servers) -> Result<Self, Failure> {
        let info: String =
            redis::cmd("INFO").arg("commandstats").query_async(&mut servers.redis().await?).await?;
        let lines = info.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(':'));
        Ok(Self(
            lines.filter_map(|(name, values)| Some((name.to_owned(), times(values)?))).collect(),
        ))
    }

    pub(crate) fn since(&self, before: &Self) -> Self {
        let differ = self.0.iter().map(|(name, (calls, micros))| {
            let (calls_before, micros_before) = before.0.get(name).copied().unwrap_or_default();
            (name.clone(), (calls - calls_before, micros - micros_before))
        });
        Self(differ.filter(|(_, (calls, _))| *calls > 0).collect())
    }

    /// One line a command, the dearest first. What a script calls is part of its own time.
    pub(crate) fn a_request(&self, requests: u64) -> Vec<String> {
        let requests = float(requests.max(1));
        let mut commands: Vec<_> = self.0.iter().collect();
        commands.sort_by_key(|(_, (_, micros))| std::cmp::Reverse(*micros));
        let line = |(name, (calls, micros)): &(&String, &(u64, u64))| {
            let (calls, micros) = (float(*calls) / requests, float(*micros) / requests);
            format!("{micros:>8.1} µs in Redis, {calls:.2} × {name}")
        };
        commands.iter().take(8).map(line).collect()
    }
}

/// Reads `calls=1,usec=2,...`.
fn times(values: &str) -> Option<(u64, u64)> {
    let value = |name: &str| {
        let pairs = values.split(',').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name)?.1.parse().ok()
    };
    Some((value("calls")?, value("usec")?))
}

/// Adds up the times of statements in a log with `sqlx::query=debug`, by what they write or else
/// read; the dearest first.
pub(crate) fn statements(log: &str, rows: f64) -> Vec<String> {
    let mut sums: BTreeMap<String, (u64, f64)> = BTreeMap::new();
    for line in log.lines() {
        let Some((statement, rest)) = line.split_once("elapsed_secs=") else { continue };
        let number = rest.split(|c: char| !c.is_ascii_digit() && !".e-".contains(c)).next();
        let seconds: f64 = number.and_then(|number| number.parse().ok()).unwrap_or_default();
        let (calls, sum) = sums.entry(subject(statement)).or_default();
        *calls += 1;
        *sum += seconds;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|(_, (_, a)), (_, (_, b))| b.total_cmp(a));
    let line = |(subject, (calls, seconds)): (String, (u64, f64))| {
        format!("{:>8.1} µs a row, {calls:>5} × {subject}", seconds * 1e6 / rows.max(1.0))
    };
    sums.into_iter().take(STATEMENTS).map(line).collect()
}

/// What a logged statement writes, or else what it reads first.
fn subject(logged: &str) -> String {
    let text = logged.replace("\\n", " ");
    // A statement that is short is its own summary, and not given once more.
    let whole = text.split_once("db.statement=").filter(|(_, rest)| !rest.starts_with("\"\""));
    let text = whole.or_else(|| text.split_once("summary=")).map_or("", |(_, rest)| rest);
    let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches('"')).collect();
    let names_table = |word: &str| word.starts_with(|c: char| c.is_ascii_lowercase());
    let writes = words.windows(3).filter_map(|words| match words {
        ["INSERT", "INTO", table] | ["DELETE", "FROM", table] => Some((words[0], *table)),
        [before, "UPDATE", table] if !["FOR", "DO"].contains(before) => Some(("UPDATE", *table)),
        _ => None,
    });
    let mut found: Vec<String> = writes
        .filter(|(_, table)| names_table(table))
        .map(|(verb, table)| format!("{verb} {table}"))
        .collect();
    found.dedup();
    if found.is_empty() {
        let read = words.windows(2).find(|words| words[0] == "FROM" && names_table(words[1]));
        return read.map_or_else(|| first_words(text), |words| format!("SELECT FROM {}", words[1]));
    }
    found.join(" + ")
}

fn first_words(text: &str) -> String {
    let text = text.trim_matches('"').split('"').next().unwrap_or_default();
    text.split_whitespace().take(4).collect::<Vec<_>>().join(" ")
}

/// Where processor time goes, by function, as `perf` sees it: of the accept path, then of a drain.
pub(crate) fn run(bench: &Bench) -> Result<Found, Failure> {
    let runtime = &bench.runtime;
    let system = runtime.block_on(System::start(&bench.servers, &[]))?;
    let mut pool = Pool::of_visitors(bench.either(3000, 200), bench.clock.now())?;
    let load = Load {
        arrival: Arrival::Constant,
        rate: bench.either(1000.0, 100.0),
        warm_up: Duration::ZERO,
        measured: bench.seconds(15),
        give_up_after: None,
    };
    let pid = system.server.process.id();
    let mut profile =
        vec!["accepting events, nest-haus serve, share of its processor time:".to_owned()];
    profile.extend(sampled(pid, || {
        send(runtime, system.target(), &load, || pool.next().0)?;
        Ok(())
    })?);
    runtime.block_on(system.drain())?;
    let mut batches = Pool::of_full_batches(BATCH, bench.clock.now())?;
    let requests = bench.either(1000, 10);
    profile.push("a drain, nest-haus serve, share of its processor time:".to_owned());
    profile.extend(sampled(pid, || {
        let Drained { .. } = drain_round(bench, &system, &mut batches, requests)?;
        Ok(())
    })?);
    runtime.block_on(system.end(&bench.servers))?;
    let method =
        "`perf record -e cpu-clock` of the system's process, built as the release is but with \
                  names, while it accepts requests at a constant rate, and while it takes in and \
                  drains full batches."
            .to_owned();
    Ok(Found { method, profile, ..Found::default() })
}

/// Samples a process while something is done; its dearest functions, with their shares.
fn sampled(pid: u32, work: impl FnOnce() -> Result<(), Failure>) -> Result<Vec<String>, Failure> {
    let file = std::env::temp_dir().join(format!("nest-haus-perf-{pid}"));
    let mut record = Command::new("perf");
    record.args(["record", "-q", "-e", "cpu-clock", "-F", SAMPLES, "-p", &pid.to_string(), "-o"]);
    record.arg(&file).stdout(Stdio::null());
    let mut perf = Process::start(&mut record)?;
    std::thread::sleep(Duration::from_millis(500));
    work()?;
    let interrupted = Command::new("kill").args(["-INT", &perf.id().to_string()]).status()?;
    if !interrupted.success() {
        return Err("perf ended by itself: does the kernel allow it?".into());
    }
    perf.child().wait()?;
    let report = Command::new("perf")
        .args([
            "report",
            "--stdio",
            "--no-children",
            "-g",
            "none",
            "--no-inline",
            "--sort",
            "symbol",
            "-i",
        ])
        .arg(&file)
        .stderr(Stdio::null())
        .output()?;
    let _absent = std::fs::remove_file(&file);
    let text = String::from_utf8_lossy(&report.stdout);
    let lines = text.lines().map(str::trim_end);
    let named = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let short = |line: &str| line.chars().take(110).collect::<String>().trim_end().to_owned();
    Ok(named.take(FUNCTIONS).map(short).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redis_counts_are_read_and_subtracted() {
        assert_eq!(times("calls=3,usec=40,usec_per_call=13.3"), Some((3, 40)));
        let at = |calls, micros| RedisTimes(BTreeMap::from([("xadd".to_owned(), (calls, micros))]));
        assert_eq!(
            at(13, 140).since(&at(3, 40)).a_request(10),
            ["    10.0 µs in Redis, 1.00 × xadd"]
        );
        assert!(at(3, 40).since(&at(3, 40)).0.is_empty());
    }

    #[test]
    fn times_of_statements_add_up() {
        let log = "DEBUG sqlx::query: summary=\"WITH x AS ( …\" db.statement=\"\\n\\nWITH x AS (\\n  \
                   INSERT INTO a (b)\\n SELECT 1 ON CONFLICT DO UPDATE SET b = 1)\" elapsed_secs=0.001\n\
                   nothing\n\
                   DEBUG sqlx::query: summary=\"SELECT b FROM c FOR UPDATE\" elapsed_secs=0.0005\n\
                   DEBUG sqlx::query: summary=\"COMMIT\" db.statement=\"\" rows_affected=0 elapsed_secs=0.0001\n\
                   DEBUG sqlx::query: summary=\"INSERT INTO a …\" elapsed=3ms elapsed_secs=3e-3";
        assert_eq!(
            statements(log, 1000.0),
            [
                "     4.0 µs a row,     2 × INSERT a",
                "     0.5 µs a row,     1 × SELECT FROM c",
                "     0.1 µs a row,     1 × COMMIT",
            ]
        );
    }
}
