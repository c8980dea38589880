//! A thousand visitors at once, each at a person's pace, while drains go on.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use hyper::header::{COOKIE, HeaderValue, SET_COOKIE};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::connection::{Connection, Outgoing};
use crate::finding::{Better, Figure, MEDIAN_VARIES, TAIL_VARIES, float};
use crate::process::{Cpu, Memory};
use crate::requests::{Template, visitors};
use crate::system::{Drains, Server, System};
use crate::{Bench, Failure, Found};

const USERS: usize = 1000;

/// Events that a visitor makes in a minute.
const EVENTS_A_MINUTE: f64 = 20.0;

/// Pauses of the simulation beyond this are taken for absence.
const PAUSE_MAX: Duration = Duration::from_secs(20);

/// Pause between drains.
const DRAIN_EVERY: Duration = Duration::from_secs(5);

const XADD: &str = "axum + one XADD";

/// What a group of visitors found.
struct Seen {
    latencies: Histogram<u64>,
    requests: u64,
    events: u64,
    errors: u64,
    first_error: Option<String>,
}

impl Seen {
    fn new() -> Result<Self, Failure> {
        let latencies = Histogram::new(3)?;
        Ok(Self { latencies, requests: 0, events: 0, errors: 0, first_error: None })
    }

    fn add(&mut self, other: &Self) -> Result<(), Failure> {
        self.latencies.add(&other.latencies)?;
        self.requests += other.requests;
        self.events += other.events;
        self.errors += other.errors;
        if self.first_error.is_none() {
            self.first_error.clone_from(&other.first_error);
        }
        Ok(())
    }

    fn quantile(&self, q: f64) -> f64 {
        float(self.latencies.value_at_quantile(q)) / 1e3
    }
}

pub(crate) fn run(bench: &Bench) -> Result<Found, Failure> {
    let runtime = &bench.runtime;
    let users = bench.either(USERS, 50);
    // Twice as many visits as users, so that nobody runs out of them within the minute.
    let visits = Arc::new(visitors(u32::try_from(users * 2)?, bench.clock.now())?);
    let system = runtime.block_on(System::start(&bench.servers, &[]))?;
    let xadd = runtime.block_on(Server::baseline(&bench.servers, Some("bench:xadd:")))?;
    let (half, pace) = (bench.seconds(30), pace(&visits));
    let group = |address, round| Group { address, visits: visits.clone(), users, pace, round };
    let cpu = || Cpu::of(system.server.process.id());
    let (mut baselines, mut systems, mut used, mut age) = (vec![], vec![], 0.0, 0.0_f64);
    for round in 0..2 {
        eprintln!("round {}: {users} visitors, {} s each", round + 1, half.as_secs());
        baselines.push(runtime.block_on(group(xadd.target.address(), round).act(half))?);
        runtime.block_on(bench.servers.forget("bench:xadd:"))?;
        let before = cpu()?;
        let drains = Drains::start(runtime, system.target(), DRAIN_EVERY);
        systems.push(runtime.block_on(group(system.target().address(), round).act(half))?);
        used += cpu()? - before;
        age = age.max(runtime.block_on(system.queue_age())?);
        runtime.block_on(drains.stop())?;
    }
    runtime.block_on(system.drain())?;
    let ledger = system.ledger_difference()?;
    let memory = Memory::of(system.server.process.id())?;
    let complaints = system.server.complaints()?;
    runtime.block_on(system.end(&bench.servers))?;
    let mut found = found(&systems, &baselines)?;
    let requests: u64 = systems.iter().map(|seen| seen.requests).sum();
    found.figures.extend([
        Figure::new(
            "processor time a request, drains included",
            "µs",
            &[used * 1e6 / float(requests)],
        ),
        Figure::new("memory, the most", "MB", &[memory.peak]),
        Figure::new("age of the queue at the end", "s", &[age])
            .below(DRAIN_EVERY.as_secs_f64() * 2.0),
        ledger_figure(ledger),
    ]);
    found.notes.extend(complaints);
    found.method = format!(
        "{users} visitors at once, each with a connection and a cookie of its own, send what the \
         simulation made them do, every other one with today's front end, at about {EVENTS_A_MINUTE} \
         events a minute each; two rounds of {} s in turns with the baseline. Latency counts from \
         when a request was due (timers round up to a millisecond). Meanwhile all streams are \
         drained every {} s by the same process. In the end everything is drained and the ledger \
         compared.",
        half.as_secs(),
        DRAIN_EVERY.as_secs()
    );
    Ok(found)
}

/// What became of everything that arrived.
pub(super) fn ledger_figure((difference, received): (i64, i64)) -> Figure {
    let lost = float(difference.unsigned_abs());
    let text = format!("0 of {received} events");
    Figure::new("events unaccounted for", "", &[lost])
        .target(&text, difference == 0 && received > 0)
}

fn found(systems: &[Seen], baselines: &[Seen]) -> Result<Found, Failure> {
    let quantile = |name: &str, q: f64, varies: f64| {
        let of = |all: &[Seen]| all.iter().map(|seen| seen.quantile(q)).collect::<Vec<f64>>();
        let (own, others) = (of(systems), of(baselines));
        Figure::new(name, "ms", &own).against(XADD, (&own, &others), Better::Lower, varies)
    };
    let mut all = Seen::new()?;
    systems.iter().try_for_each(|seen| all.add(seen))?;
    let figures = vec![
        quantile("p50", 0.5, MEDIAN_VARIES),
        quantile("p99", 0.99, TAIL_VARIES),
        quantile("p99.9", 0.999, TAIL_VARIES),
        Figure::new("requests", "", &[float(all.requests)]),
        Figure::new("events", "", &[float(all.events)]),
        Figure::new("errors", "", &[float(all.errors)]).target("none", all.errors == 0),
    ];
    let notes = all.first_error.map(|error| format!("The first error: {error}"));
    Ok(Found { figures, notes: notes.into_iter().collect(), ..Found::default() })
}

/// By what the simulation's pauses are multiplied so that visitors keep their pace.
fn pace(visits: &[Vec<Template>]) -> f64 {
    let all = || visits.iter().flatten();
    let pauses: f64 = all().map(|one| one.pause.min(PAUSE_MAX).as_secs_f64()).sum();
    let events: u64 = all().map(|one| one.events).sum();
    float(events) * 60.0 / EVENTS_A_MINUTE / pauses.max(1.0)
}

/// Visitors of one server.
struct Group {
    address: SocketAddr,
    visits: Arc<Vec<Vec<Template>>>,
    users: usize,
    pace: f64,
    round: usize,
}

impl Group {
    /// Lets all act for a while.
    async fn act(&self, time: Duration) -> Result<Seen, Failure> {
        let mut tasks = JoinSet::new();
        let connections = self.users;
        let start = Instant::now() + Duration::from_secs(1);
        for number in 0..connections {
            let user = User {
                connection: Connection::open(self.address).await?,
                visits: self.visits.clone(),
                // Another begin in every round, so that no session comes again.
                next_visit: number + self.round * self.users * 1000,
                // Visits begin with a burst: who is there already is somewhere within one.
                skip: number,
                step: self.users,
                pace: self.pace,
                cookies: HashMap::new(),
            };
            // The first requests are spread over the mean pause.
            let spread = Duration::from_secs_f64(60.0 / EVENTS_A_MINUTE);
            let first = start + spread * u32::try_from(number)? / u32::try_from(self.users)?;
            tasks.spawn(user.act(self.address, first, start + time));
        }
        let mut seen = Seen::new()?;
        while let Some(of_user) = tasks.join_next().await {
            seen.add(&of_user??)?;
        }
        Ok(seen)
    }
}

/// One visitor after another at one browser.
struct User {
    connection: Connection,
    visits: Arc<Vec<Vec<Template>>>,
    next_visit: usize,
    skip: usize,
    step: usize,
    pace: f64,
    cookies: HashMap<String, String>,
}

impl User {
    async fn act(
        mut self,
        address: SocketAddr,
        mut due: Instant,
        end: Instant,
    ) -> Result<Seen, Failure> {
        let mut seen = Seen::new()?;
        loop {
            let visits = self.visits.clone();
            let (visit, round) = (self.next_visit % visits.len(), self.next_visit / visits.len());
            self.next_visit += self.step;
            self.cookies.clear();
            let skip = std::mem::take(&mut self.skip) % visits[visit].len().max(1);
            for template in &visits[visit][skip..] {
                due += template.pause.min(PAUSE_MAX).mul_f64(self.pace);
                if due >= end {
                    return Ok(seen);
                }
                sleep_until(due).await;
                let sent = self.send(template.write(u32::try_from(round)?)).await;
                seen.requests += 1;
                match sent {
                    Ok(()) => {
                        seen.events += template.events;
                        let micros = u64::try_from(due.elapsed().as_micros())?;
                        seen.latencies.record(micros)?;
                    }
                    Err(error) => {
                        seen.errors += 1;
                        seen.first_error.get_or_insert_with(|| error.to_string());
                        self.connection = Connection::open(address).await?;
                    }
                }
            }
            // The next visitor takes a pause before coming.
            due += Duration::from_secs_f64(60.0 / EVENTS_A_MINUTE);
        }
    }

    async fn send(&mut self, mut outgoing: Outgoing) -> Result<(), Failure> {
        if !self.cookies.is_empty() {
            let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            let pairs = pairs.collect::<Vec<_>>().join("; ");
            outgoing.headers.push((COOKIE, HeaderValue::from_str(&pairs)?));
        }
        let answer = self.connection.send(outgoing).await?;
        if !answer.status.is_success() {
            let body = String::from_utf8_lossy(&answer.body);
            return Err(format!("{}: {body}", answer.status).into());
        }
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(())
    }
}
