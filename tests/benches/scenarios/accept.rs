//! How many requests a second the accept path takes, and how long they take at half of that.

use std::time::Duration;

use super::profile::RedisTimes;
use crate::connection::Target;
use crate::finding::{
    Better, Figure, MEDIAN_VARIES, TAIL_VARIES, THROUGHPUT_VARIES, float, median,
};
use crate::load::{Arrival, Load, Outcome, send};
use crate::process::{Cpu, Memory};
use crate::requests::Pool;
use crate::system::{Server, System, drain_once};
use crate::{Bench, Failure, Found};

/// Simulated sessions, about seven requests each, gone through again and again under other names.
const SESSIONS: u32 = 3000;

/// A rate counts as taken while 99 of 100 requests are answered within this.
const P99_MAX_MS: f64 = 50.0;

/// And while answers fall no further behind.
const KEPT_UP_MIN: f64 = 0.95;

/// Where the search begins, in requests a second.
const FIRST_RATE: f64 = 500.0;

/// No machine that this runs on takes more.
const RATE_MAX: f64 = 200_000.0;

/// The search ends where the rate that was taken and the one that was not are closer.
const PRECISION: f64 = 1.06;

/// Later rounds search from this share of what was found before, up to its inverse.
const BRACKET: f64 = 0.75;

/// Tries of a rate before it counts as too high: a single hiccup of the machine is not the server's.
const TRIES: u32 = 2;

const ROUNDS: usize = 3;

const SYSTEM: &str = "nest-haus serve";

const BARE: &str = "bare axum";
const XADD: &str = "axum + one XADD";

/// A server that is measured.
struct Contender<'a> {
    name: &'static str,
    target: &'a Target,
    pid: u32,
    /// Where its keys in Redis begin.
    prefix: String,
    is_system: bool,
    pool: Pool,
    rounds: Vec<Round>,
    notes: Vec<String>,
}

/// What one round found.
#[derive(Default, Clone)]
struct Round {
    /// Requests a second that were taken.
    throughput: f64,
    p50: f64,
    p99: f64,
    p999: f64,
    /// Microseconds a request, of the server and of Redis.
    server_cpu: f64,
    redis_cpu: f64,
    /// The same of the generator.
    generator_cpu: f64,
    /// Milliseconds that the generator was late, at p99.
    lateness: f64,
}

pub(crate) fn run(bench: &Bench) -> Result<Found, Failure> {
    let runtime = &bench.runtime;
    let pool = Pool::of_visitors(bench.either(SESSIONS, 200), bench.clock.now())?;
    let (body, events) = (pool.mean_body(), pool.mean_events());
    let system = runtime.block_on(System::start(&bench.servers, &[]))?;
    let bare = runtime.block_on(Server::baseline(&bench.servers, None))?;
    let xadd = runtime.block_on(Server::baseline(&bench.servers, Some("bench:xadd:")))?;
    let contender = |name, server, prefix: &str| Contender::new(name, server, prefix, &pool);
    let mut contenders = [
        contender(BARE, &bare, "bench:none:"),
        contender(XADD, &xadd, "bench:xadd:"),
        contender(SYSTEM, &system.server, &system.prefix),
    ];
    for round in 0..bench.either(ROUNDS, 1) {
        for contender in &mut contenders {
            contender.search(bench)?;
            let Some(found) = contender.rounds.last() else { continue };
            eprintln!(
                "round {}: {} takes {:.0} requests/s",
                round + 1,
                contender.name,
                found.throughput
            );
        }
        for contender in &mut contenders {
            contender.at_half_load(bench)?;
        }
    }
    let memory = Memory::of(system.server.process.id())?;
    let stages = stages(bench, &mut contenders[2])?;
    let mut found = found(&contenders, &memory);
    found.method = format!(
        "Requests of simulated visitors, every other one with today's front end, {body} bytes and \
         {events:.1} events on average, no two alike, arrive at random (Poisson) at a fixed rate, \
         whether or not earlier ones were answered; latency counts from when each was due. A rate \
         counts as taken while the p99 is at most {P99_MAX_MS} ms, nothing fails and answers keep up \
         within 5 %; the greatest such rate is found within 6 % by doubling and halving. Latencies \
         and processor time are those at half of each server's own throughput. Generator, servers \
         and Redis share the machine's cores, so that throughput is what all of them can do \
         together. Visitors show no session tokens, so that every request brings a claim."
    );
    found.notes.extend(system.server.complaints()?);
    found.profile = stages;
    drop(contenders);
    runtime.block_on(system.end(&bench.servers))?;
    Ok(found)
}

impl<'a> Contender<'a> {
    fn new(name: &'static str, server: &'a Server, prefix: &str, pool: &Pool) -> Self {
        Self {
            name,
            target: &server.target,
            pid: server.process.id(),
            prefix: prefix.to_owned(),
            is_system: name == SYSTEM,
            pool: pool.clone(),
            rounds: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Finds the greatest rate that is taken.
    fn search(&mut self, bench: &Bench) -> Result<(), Failure> {
        let known = self.rounds.last().map(|round| round.throughput).filter(|rate| *rate > 0.0);
        let step = if known.is_some() { BRACKET } else { 0.5 };
        let mut low = known.map_or(FIRST_RATE, |rate| rate * step);
        let mut too_much = None;
        while !self.takes(bench, low)? {
            too_much = Some(low);
            low *= step;
            if low < 1.0 {
                return Err(format!("{} takes no load at all", self.name).into());
            }
        }
        let mut high = match too_much {
            Some(rate) => rate,
            None => known.map_or(low, |rate| rate) / step,
        };
        while too_much.is_none() && high < RATE_MAX && self.takes(bench, high)? {
            (low, high) = (high, high / step);
        }
        while high / low > PRECISION {
            let middle = (low * high).sqrt();
            if self.takes(bench, middle)? {
                low = middle;
            } else {
                high = middle;
            }
        }
        self.rounds.push(Round { throughput: low, ..Round::default() });
        Ok(())
    }

    /// Whether the server takes a rate.
    fn takes(&mut self, bench: &Bench, rate: f64) -> Result<bool, Failure> {
        for _ in 0..TRIES {
            let outcome = self.load(bench, rate, Duration::from_secs(3), Some(1.0))?;
            let p99 = outcome.quantile(0.99);
            let taken = outcome.errors == 0
                && !outcome.given_up
                && p99 <= P99_MAX_MS
                && outcome.kept_up >= KEPT_UP_MIN;
            eprintln!(
                "  {}: {rate:.0} requests/s, p99 {p99:.1} ms, {} errors: {}",
                self.name,
                outcome.errors,
                if taken { "taken" } else { "too much" }
            );
            if !taken && outcome.generator.is_at_its_limit() {
                self.note(&format!(
                    "The throughput of {} may be that of the generator: at {rate:.0} requests/s one \
                     of its threads was busy for {:.0} % of the time.",
                    self.name,
                    outcome.generator.busiest_thread * 100.0
                ));
            }
            if let Some(error) = &outcome.first_error {
                eprintln!("  {error}");
            }
            if taken {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Only the last such note is kept: it says where the limit is.
    fn note(&mut self, note: &str) {
        self.notes = vec![note.to_owned()];
    }

    fn load(
        &mut self,
        bench: &Bench,
        rate: f64,
        measured: Duration,
        give_up_after: Option<f64>,
    ) -> Result<Outcome, Failure> {
        let measured =
            if bench.either(true, false) { measured } else { Duration::from_millis(400) };
        let warm_up = measured / 6;
        let load = Load { arrival: Arrival::Poisson, rate, warm_up, measured, give_up_after };
        let outcome = send(&bench.runtime, self.target, &load, || self.pool.next().0)?;
        bench.runtime.block_on(async {
            bench.servers.forget(&self.prefix).await?;
            if self.is_system {
                // Without its marks the queue would count as never drained, and late.
                drain_once(self.target).await?;
            }
            Ok::<_, Failure>(())
        })?;
        Ok(outcome)
    }

    /// Measures latencies and processor time at half of the throughput of this round.
    fn at_half_load(&mut self, bench: &Bench) -> Result<(), Failure> {
        let rate = self.rounds.last().map_or(FIRST_RATE, |round| round.throughput) / 2.0;
        let redis = bench.servers.redis.unwrap_or(self.pid);
        let before = (Cpu::of(self.pid)?, Cpu::of(redis)?);
        let outcome = self.load(bench, rate, bench.seconds(10), None)?;
        let sent = float(outcome.sent.max(1));
        let micros = |seconds: f64| seconds * 1e6 / sent;
        let (server_cpu, redis_cpu) =
            (micros(Cpu::of(self.pid)? - before.0), micros(Cpu::of(redis)? - before.1));
        if outcome.errors > 0 {
            let first = outcome.first_error.as_deref().unwrap_or_default();
            self.note(&format!(
                "{} answered {} errors at half load: {first}",
                self.name, outcome.errors
            ));
        }
        if let Some(round) = self.rounds.last_mut() {
            *round = Round {
                throughput: round.throughput,
                p50: outcome.quantile(0.5),
                p99: outcome.quantile(0.99),
                p999: outcome.quantile(0.999),
                server_cpu,
                redis_cpu: if bench.servers.redis.is_some() { redis_cpu } else { 0.0 },
                generator_cpu: outcome.generator.cpu_share * 1e6 / rate,
                lateness: outcome.generator.lateness_p99,
            };
        }
        Ok(())
    }

    fn all(&self, field: impl Fn(&Round) -> f64) -> Vec<f64> {
        self.rounds.iter().map(field).collect()
    }
}

/// A figure of the system beside that of a baseline.
struct Compared {
    name: &'static str,
    unit: &'static str,
    field: fn(&Round) -> f64,
    better: Better,
    varies: f64,
}

const fn compared(name: &'static str, unit: &'static str, field: fn(&Round) -> f64) -> Compared {
    Compared { name, unit, field, better: Better::Lower, varies: MEDIAN_VARIES }
}

const THROUGHPUT: Compared = Compared {
    better: Better::Higher,
    varies: THROUGHPUT_VARIES,
    ..compared("throughput", "requests/s", |round| round.throughput)
};

const P50: Compared = compared("p50 at half load", "ms", |round| round.p50);

const P99: Compared =
    Compared { varies: TAIL_VARIES, ..compared("p99 at half load", "ms", |round| round.p99) };

const P999: Compared =
    Compared { varies: TAIL_VARIES, ..compared("p99.9 at half load", "ms", |round| round.p999) };

const SERVER_CPU: Compared = compared("processor time a request", "µs", |round| round.server_cpu);

const REDIS_CPU: Compared =
    compared("Redis's processor time a request", "µs", |round| round.redis_cpu);

impl Compared {
    fn of(&self, system: &Contender<'_>, baseline: &Contender<'_>) -> Figure {
        let (own, others) = (system.all(self.field), baseline.all(self.field));
        let name = match baseline.name {
            BARE => format!("{}, beside the bare server", self.name),
            _ => self.name.to_owned(),
        };
        let figure = Figure::new(&name, self.unit, &own);
        figure.against(baseline.name, (&own, &others), self.better, self.varies)
    }
}

fn found(contenders: &[Contender<'_>], memory: &Memory) -> Found {
    let [bare, xadd, system] = contenders else { return Found::default() };
    let figures = vec![
        THROUGHPUT.of(system, xadd).ratio_target(0.6),
        THROUGHPUT.of(system, bare),
        P50.of(system, xadd),
        P99.of(system, xadd).ratio_target(3.0),
        P99.of(system, bare),
        P999.of(system, xadd),
        SERVER_CPU.of(system, xadd),
        REDIS_CPU.of(system, xadd),
        Figure::new("memory, the most", "MB", &[memory.peak]),
        Figure::new("memory at the end", "MB", &[memory.resident]),
    ];
    let mut notes: Vec<String> = contenders.iter().flat_map(|one| one.notes.clone()).collect();
    for one in contenders {
        notes.push(format!(
            "At half load to {} the generator itself used {:.0} µs of processor time a request and \
             was at most {:.2} ms late (p99).",
            one.name,
            median(&one.all(|round| round.generator_cpu)),
            median(&one.all(|round| round.lateness))
        ));
    }
    Found { figures, notes, ..Found::default() }
}

/// Where the time of a request goes at half load, told apart by who spends it.
fn stages(bench: &Bench, system: &mut Contender<'_>) -> Result<Vec<String>, Failure> {
    let rate = median(&system.all(|round| round.throughput)) / 2.0;
    let before = bench.runtime.block_on(RedisTimes::read(&bench.servers))?;
    let cpu = Cpu::of(system.pid)?;
    let load = Load {
        arrival: Arrival::Poisson,
        rate,
        warm_up: Duration::ZERO,
        measured: bench.seconds(5),
        give_up_after: None,
    };
    let outcome = send(&bench.runtime, system.target, &load, || system.pool.next().0)?;
    let used = (Cpu::of(system.pid)? - cpu) * 1e6 / float(outcome.sent.max(1));
    let mut lines = vec![
        format!("of a request to nest-haus serve at {rate:.0} requests/s:"),
        format!("{used:>8.1} µs processor time of the server"),
    ];
    let after = bench.runtime.block_on(RedisTimes::read(&bench.servers))?;
    lines.extend(after.since(&before).a_request(outcome.sent));
    Ok(lines)
}
