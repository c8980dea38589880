//! Processes: what they cost, as Linux counts it, and that they end with the benchmark.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::process::{Child, Command};

use crate::Failure;
use crate::finding::float;

/// What Linux counts processor time in: `USER_HZ`, which is 100 on every platform that Rust's Linux
/// targets name.
const TICKS_A_SECOND: f64 = 100.0;

/// Seconds of processor time of threads, by their ids.
pub(crate) type Threads = HashMap<u32, f64>;

/// Processor time, in seconds.
pub(crate) struct Cpu;

impl Cpu {
    /// What a process used so far.
    pub(crate) fn of(pid: u32) -> Result<f64, Failure> {
        used(&fs::read_to_string(format!("/proc/{pid}/stat"))?)
    }

    /// What a process and its children used so far: PostgreSQL has a process a connection.
    pub(crate) fn of_family(pid: u32) -> Result<f64, Failure> {
        let mut total = Self::of(pid)?;
        for entry in fs::read_dir("/proc")?.flatten() {
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            if fields(&stat).and_then(|fields| fields.get(1)?.parse().ok()) == Some(pid) {
                total += used(&stat)?;
            }
        }
        // Children that ended count with their parent, once it waited for them.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        Ok(total + ticks(&stat, [13, 14])?)
    }

    /// What every thread of this process used so far.
    pub(crate) fn of_threads() -> Result<Threads, Failure> {
        let mut threads = Threads::new();
        for entry in fs::read_dir("/proc/self/task")? {
            let entry = entry?;
            let stat = match fs::read_to_string(entry.path().join("stat")) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                stat => stat?,
            };
            threads.insert(entry.file_name().to_string_lossy().parse()?, used(&stat)?);
        }
        Ok(threads)
    }
}

/// The fields after the name, which may hold anything: the state is the first.
fn fields(stat: &str) -> Option<Vec<&str>> {
    Some(stat.rsplit_once(')')?.1.split_whitespace().collect())
}

fn used(stat: &str) -> Result<f64, Failure> {
    ticks(stat, [11, 12])
}

/// Adds up two fields: user and system time.
fn ticks(stat: &str, places: [usize; 2]) -> Result<f64, Failure> {
    let fields = fields(stat).ok_or("/proc/PID/stat cannot be read")?;
    let mut ticks = 0;
    for place in places {
        let field = fields.get(place).ok_or("/proc/PID/stat is too short")?;
        ticks += field.parse::<u64>()?;
    }
    Ok(float(ticks) / TICKS_A_SECOND)
}

/// Memory of a process in MB: resident now, and the most that was.
pub(crate) struct Memory {
    pub(crate) resident: f64,
    pub(crate) peak: f64,
}

impl Memory {
    pub(crate) fn of(pid: u32) -> Result<Self, Failure> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let megabytes = |name: &str| -> Result<f64, Failure> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kilobytes = line.and_then(|line| line.split_whitespace().next());
            let kilobytes: u64 = kilobytes.ok_or("/proc/PID/status lacks a line")?.parse()?;
            Ok(float(kilobytes) / 1024.0)
        };
        Ok(Self { resident: megabytes("VmRSS:")?, peak: megabytes("VmHWM:")? })
    }
}

/// A process that ends with the benchmark.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().map_err(|error| format!("{program} cannot run: {error}"))?;
        Ok(Self(child))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) const fn child(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn work_shows_in_the_time_of_the_process_and_of_one_thread() {
        let (before, threads) = (Cpu::of(std::process::id()).unwrap(), Cpu::of_threads().unwrap());
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(300) {
            std::hint::black_box(fields("1 (a b) c d"));
        }
        assert!(Cpu::of(std::process::id()).unwrap() - before >= 0.05);
        let after = Cpu::of_threads().unwrap();
        let used =
            after.iter().map(|(id, cpu)| *cpu - threads.get(id).copied().unwrap_or_default());
        assert!(used.fold(0.0, f64::max) >= 0.05);
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.resident > 1.0 && memory.peak >= memory.resident);
    }

    #[test]
    fn a_name_with_spaces_and_brackets_does_not_shift_the_fields() {
        let stat =
            format!("7 (a) b) S 1 {}", (0..48).map(|n| n.to_string() + " ").collect::<String>());
        // The fields 11 and 12 after the name are 9 and 10 here.
        assert!((used(&stat).unwrap() - 0.19).abs() < 1e-9);
    }
}
