//! Whether memory stays flat under load.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::users::ledger_figure;
use crate::finding::{Better, Figure, MEDIAN_VARIES, float, median};
use crate::load::{Arrival, Load, send};
use crate::process::Memory;
use crate::requests::Pool;
use crate::system::{Drains, System};
use crate::{Bench, Failure, Found};

/// Requests a second.
const RATE: f64 = 500.0;

const MINUTES: u64 = 10;

/// Memory is flat where its last minute is within so much of its third.
const FLAT: f64 = 1.1;

const DRAIN_EVERY: Duration = Duration::from_secs(5);

const SAMPLE_EVERY: Duration = Duration::from_millis(500);

pub(crate) fn run(bench: &Bench) -> Result<Found, Failure> {
    let runtime = &bench.runtime;
    let mut pool = Pool::of_visitors(bench.either(3000, 200), bench.clock.now())?;
    let system = runtime.block_on(System::start(&bench.servers, &[]))?;
    let pid = system.server.process.id();
    let load = Load {
        arrival: Arrival::Poisson,
        rate: bench.either(RATE, 50.0),
        warm_up: Duration::ZERO,
        measured: Duration::from_secs(bench.either(MINUTES * 60, 6)),
        give_up_after: None,
    };
    let drains = Drains::start(runtime, system.target(), DRAIN_EVERY);
    let (samples, over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                if let Ok(memory) = Memory::of(pid) {
                    samples
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((Instant::now(), memory));
                }
                std::thread::sleep(SAMPLE_EVERY);
            }
        });
        let outcome = send(runtime, system.target(), &load, || pool.next().0);
        over.store(true, Ordering::Relaxed);
        outcome
    })?;
    let age = runtime.block_on(system.queue_age())?;
    runtime.block_on(drains.stop())?;
    runtime.block_on(system.drain())?;
    let (ledger, complaints) = (system.ledger_difference()?, system.server.complaints()?);
    runtime.block_on(system.end(&bench.servers))?;
    let samples = samples.into_inner().unwrap_or_else(PoisonError::into_inner);
    let minute = load.measured / u32::try_from(MINUTES)?;
    let figures = vec![
        flat(&samples, minute),
        Figure::new("memory, the most", "MB", &[peak(&samples)]),
        Figure::new("p50", "ms", &[outcome.quantile(0.5)]),
        Figure::new("p99", "ms", &[outcome.quantile(0.99)]),
        Figure::new("p99.9", "ms", &[outcome.quantile(0.999)]),
        Figure::new("requests", "", &[float(outcome.sent)]),
        Figure::new("errors", "", &[float(outcome.errors)]).target("none", outcome.errors == 0),
        Figure::new("age of the queue at the end", "s", &[age]),
        ledger_figure(ledger),
    ];
    let method = format!(
        "{} requests/s of simulated visitors for {} s, while the same process drains all streams \
         every {} s and projects visits. Memory is what the process holds (VmRSS), the median of a \
         minute; flat means that the last minute is within 10 % of the third.",
        load.rate,
        load.measured.as_secs(),
        DRAIN_EVERY.as_secs()
    );
    let notes = outcome.first_error.map(|error| format!("The first error: {error}"));
    let notes = notes.into_iter().chain(complaints).collect();
    Ok(Found { method, figures, notes, ..Found::default() })
}

fn peak(samples: &[(Instant, Memory)]) -> f64 {
    samples.iter().map(|(_, memory)| memory.peak).fold(0.0, f64::max)
}

fn flat(samples: &[(Instant, Memory)], minute: Duration) -> Figure {
    let Some((start, _)) = samples.first() else { return Figure::new("memory", "MB", &[]) };
    let of = |number: u32| {
        let within = samples.iter().filter(|(at, _)| {
            let since = at.duration_since(*start);
            since >= minute * number && since < minute * (number + 1)
        });
        median(&within.map(|(_, memory)| memory.resident).collect::<Vec<_>>())
    };
    let last = u32::try_from(MINUTES).unwrap_or(u32::MAX) - 1;
    let (last, third) = (of(last), of(2));
    let name = "memory in the last minute";
    let figure = Figure::new(name, "MB", &[last]);
    let figure =
        figure.against("the third minute", (&[last], &[third]), Better::Lower, MEDIAN_VARIES);
    figure.ratio_target(FLAT)
}
