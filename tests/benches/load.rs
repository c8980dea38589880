//! Requests at a rate, each sent when it is due, however long earlier ones take.
//!
//! Latency counts from the moment at which a request was due: while a server stalls, the requests
//! that come meanwhile wait, and count, too. One thread keeps the time, another does the rest.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use hyper::StatusCode;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, Exp};
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

use crate::Failure;
use crate::connection::{Answer, Outgoing, Target};
use crate::finding::float;
use crate::process::{self, Cpu};

/// What chance of arrivals follows from, so that all servers get the same.
const SEED: u64 = 8;

/// The generator is at its own limit where one of its threads is busy for more of the time.
const BUSY_SHARE_MAX: f64 = 0.9;

/// When requests come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// At equal intervals.
    Constant,
    /// Independently of one another, as visitors come: pauses are exponentially distributed.
    Poisson,
}

/// How many requests, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) arrival: Arrival,
    /// Requests a second.
    pub(crate) rate: f64,
    /// Sent before anything is recorded.
    pub(crate) warm_up: Duration,
    /// Recorded.
    pub(crate) measured: Duration,
    /// Stop where so many seconds' worth of requests wait for their answers.
    pub(crate) give_up_after: Option<f64>,
}

impl Load {
    /// When each request is due, counted from the begin.
    fn due(&self) -> impl Iterator<Item = Duration> {
        let mean = 1.0 / self.rate;
        let mut chance = ChaCha8Rng::seed_from_u64(SEED);
        let exponential = Exp::new(self.rate).ok().filter(|_| self.arrival == Arrival::Poisson);
        let end = self.warm_up + self.measured;
        let pause = move || exponential.map_or(mean, |pauses| pauses.sample(&mut chance));
        std::iter::repeat_with(pause)
            .scan(0.0, |at, pause| {
                *at += pause;
                Some(Duration::from_secs_f64(*at))
            })
            .take_while(move |at| *at < end)
    }
}

/// What a load found.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Microseconds from when requests were due until their answers were read, of those that were
    /// answered as they should be.
    pub(crate) latencies: Histogram<u64>,
    /// Requests that were not.
    pub(crate) errors: u64,
    /// The first of them.
    pub(crate) first_error: Option<String>,
    /// Requests sent, the warm-up included.
    pub(crate) sent: u64,
    /// The load was given up, since too many requests waited.
    pub(crate) given_up: bool,
    /// Requests answered by the time that it took, as a share of the rate that was wanted.
    pub(crate) kept_up: f64,
    /// How the generator itself did.
    pub(crate) generator: Generator,
}

impl Outcome {
    /// A quantile of the latencies, in milliseconds.
    pub(crate) fn quantile(&self, q: f64) -> f64 {
        float(self.latencies.value_at_quantile(q)) / 1e3
    }
}

/// How the generator itself did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Generator {
    /// Seconds of processor time a second.
    pub(crate) cpu_share: f64,
    /// The same of its busiest thread.
    pub(crate) busiest_thread: f64,
    /// 99 of 100 requests were handed out within so many milliseconds from when they were due.
    pub(crate) lateness_p99: f64,
}

impl Generator {
    /// Whether what was measured may be the generator's limit and not the server's. Lateness alone
    /// does not tell: a server that is overloaded takes the cores from the generator, too.
    pub(crate) fn is_at_its_limit(&self) -> bool {
        self.busiest_thread > BUSY_SHARE_MAX
    }
}

struct Tally {
    latencies: Histogram<u64>,
    errors: u64,
    first_error: Option<String>,
    recorded: u64,
    last_answer: Instant,
}

impl Tally {
    fn note(&mut self, due: Instant, answer: Result<Answer, Failure>) {
        self.last_answer = Instant::now();
        self.recorded += 1;
        match answer {
            Ok(answer) if answer.status.is_success() => {
                let micros =
                    u64::try_from((self.last_answer - due).as_micros()).unwrap_or(u64::MAX);
                // It grows by itself.
                let _recorded = self.latencies.record(micros);
            }
            Ok(Answer { status, body, .. }) => self.fail(&described(status, &body)),
            Err(error) => self.fail(&error.to_string()),
        }
    }

    fn fail(&mut self, error: &str) {
        self.errors += 1;
        self.first_error.get_or_insert_with(|| error.to_owned());
    }
}

fn described(status: StatusCode, body: &[u8]) -> String {
    format!("{status}: {}", String::from_utf8_lossy(body))
}

/// Sends requests at a rate, and waits for all answers.
pub(crate) fn send(
    runtime: &Runtime,
    target: &Target,
    load: &Load,
    mut next: impl FnMut() -> Outgoing,
) -> Result<Outcome, Failure> {
    let start = Instant::now() + Duration::from_millis(10);
    let measured_from = start + load.warm_up;
    let tally = Arc::new(Mutex::new(Tally {
        latencies: Histogram::new(3)?,
        errors: 0,
        first_error: None,
        recorded: 0,
        last_answer: start,
    }));
    let mut lateness = Histogram::<u64>::new(3)?;
    let (waiting, tasks) = (Arc::new(AtomicU64::new(0)), TaskTracker::new());
    let waiting_max = load.give_up_after.map_or(f64::MAX, |seconds| seconds * load.rate);
    let before = Cpu::of_threads()?;
    let (mut sent, mut given_up) = (0, false);
    for offset in load.due() {
        let due = start + offset;
        let outgoing = next();
        sleep(due.saturating_duration_since(Instant::now()));
        lateness.record(u64::try_from(due.elapsed().as_micros())?)?;
        if float(waiting.fetch_add(1, Ordering::Relaxed)) > waiting_max {
            given_up = true;
            break;
        }
        sent += 1;
        let (target, tally, waiting) = (target.clone(), tally.clone(), waiting.clone());
        let exchange = async move {
            let answer = target.send(outgoing).await;
            waiting.fetch_sub(1, Ordering::Relaxed);
            if due >= measured_from {
                tally.lock().unwrap_or_else(PoisonError::into_inner).note(due, answer);
            }
        };
        tasks.spawn_on(exchange, runtime.handle());
    }
    tasks.close();
    runtime.block_on(tasks.wait());
    let wall = start.elapsed();
    let generator = generator(&Cpu::of_threads()?, &before, wall, &lateness);
    let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
    let took = tally.last_answer.saturating_duration_since(measured_from).max(load.measured);
    Ok(Outcome {
        latencies: tally.latencies.clone(),
        errors: tally.errors,
        first_error: tally.first_error.clone(),
        sent,
        given_up,
        kept_up: load.measured.as_secs_f64() / took.as_secs_f64(),
        generator,
    })
}

fn generator(
    after: &process::Threads,
    before: &process::Threads,
    wall: Duration,
    lateness: &Histogram<u64>,
) -> Generator {
    let used =
        after.iter().map(|(thread, cpu)| cpu - before.get(thread).copied().unwrap_or_default());
    let used: Vec<f64> = used.collect();
    Generator {
        cpu_share: used.iter().sum::<f64>() / wall.as_secs_f64(),
        busiest_thread: used.iter().copied().fold(0.0, f64::max) / wall.as_secs_f64(),
        lateness_p99: float(lateness.value_at_quantile(0.99)) / 1e3,
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::Router;
    use bytes::Bytes;
    use hyper::Method;
    use tokio::net::TcpListener;
    use tokio::runtime::Builder;
    use tokio::sync::RwLock;

    use super::*;

    fn load(rate: f64, milliseconds: u64) -> Load {
        Load {
            arrival: Arrival::Constant,
            rate,
            warm_up: Duration::ZERO,
            measured: Duration::from_millis(milliseconds),
            give_up_after: None,
        }
    }

    fn outgoing() -> Outgoing {
        let path = "/".to_owned();
        Outgoing { method: Method::POST, path, headers: Vec::new(), body: Bytes::new() }
    }

    fn runtime() -> Runtime {
        Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    }

    /// A server whose answers wait while the door is closed.
    fn server(runtime: &Runtime, status: StatusCode) -> (Target, Arc<RwLock<()>>) {
        let door = Arc::new(RwLock::new(()));
        let of_server = door.clone();
        let router = Router::new().fallback(async move || {
            let _open = of_server.read().await;
            status
        });
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = runtime.block_on(TcpListener::bind(any)).unwrap();
        let target = Target::new(listener.local_addr().unwrap());
        runtime.spawn(async { axum::serve(listener, router).await });
        (target, door)
    }

    #[test]
    fn a_server_that_stalls_for_a_second_shows_in_all_requests_that_were_due_meanwhile() {
        let runtime = runtime();
        let (target, door) = server(&runtime, StatusCode::ACCEPTED);
        runtime.spawn(async move {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let _closed = door.write().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        });
        let outcome = send(&runtime, &target, &load(100.0, 3000), outgoing).unwrap();
        assert_eq!((outcome.errors, outcome.latencies.len()), (0, outcome.sent));
        // A third of all was due during the stall; who waits for answers before sending more would
        // see one slow request.
        assert!(outcome.quantile(0.99) > 900.0, "{}", outcome.quantile(0.99));
        assert!(outcome.quantile(0.8) > 300.0, "{}", outcome.quantile(0.8));
        assert!(outcome.quantile(0.5) < 100.0, "{}", outcome.quantile(0.5));
    }

    #[test]
    fn a_load_is_given_up_where_too_many_requests_wait() {
        let runtime = runtime();
        let (target, door) = server(&runtime, StatusCode::ACCEPTED);
        let closed = runtime.block_on(door.clone().write_owned());
        runtime.spawn(async move {
            tokio::time::sleep(Duration::from_millis(1500)).await;
            drop(closed);
        });
        let load = Load { give_up_after: Some(0.5), ..load(100.0, 60_000) };
        let outcome = send(&runtime, &target, &load, outgoing).unwrap();
        assert!(outcome.given_up && outcome.sent < 100, "{}", outcome.sent);
    }

    #[test]
    fn refusals_are_errors_and_not_latencies() {
        let runtime = runtime();
        let (target, _) = server(&runtime, StatusCode::SERVICE_UNAVAILABLE);
        let outcome = send(&runtime, &target, &load(50.0, 400), outgoing).unwrap();
        assert_eq!((outcome.errors, outcome.latencies.len()), (outcome.sent, 0));
        assert!(outcome.first_error.unwrap().starts_with("503"));
    }

    #[test]
    fn arrivals_keep_their_rate_and_those_of_visitors_vary() {
        let due = |arrival| Load { arrival, ..load(1000.0, 10_000) }.due().collect::<Vec<_>>();
        for arrival in [Arrival::Constant, Arrival::Poisson] {
            let due = due(arrival);
            assert!(due.is_sorted() && (9_600..=10_400).contains(&due.len()), "{}", due.len());
        }
        let pauses = |due: &[Duration]| {
            due.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max().unwrap()
        };
        assert!(pauses(&due(Arrival::Constant)) < Duration::from_micros(1100));
        assert!(pauses(&due(Arrival::Poisson)) > Duration::from_millis(5));
        assert_eq!(due(Arrival::Poisson), due(Arrival::Poisson));
    }
}
