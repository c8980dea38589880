//! How many rows a second the drain stores, beside raw `COPY` of the same rows.

use std::time::Instant;

use futures::{StreamExt, TryStreamExt, stream};
use sqlx::{Executor, PgConnection, PgPool};

use super::profile::statements;
use crate::finding::{Better, Figure, THROUGHPUT_VARIES, float, median};
use crate::process::Cpu;
use crate::requests::Pool;
use crate::system::System;
use crate::{Bench, Failure, Found};

/// Requests whose text is made once.
pub(super) const BATCH: usize = 500;

/// Requests of a hundred events that fill the queue in one round.
const REQUESTS: usize = 2000;

const ROUNDS: usize = 3;

const COPY: &str = "COPY into the same table";

/// Requests that are under way at a time while the queue is filled.
const AT_A_TIME: usize = 16;

/// Bytes that are sent to PostgreSQL at a time.
const CHUNK: usize = 1 << 20;

/// What one drain did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Drained {
    pub(super) rows: f64,
    seconds: f64,
    /// Processor time of the system and of PostgreSQL.
    system_cpu: f64,
    postgres_cpu: f64,
    /// From the drain's end until all visits were projected.
    projection: f64,
}

pub(crate) fn run(bench: &Bench) -> Result<Found, Failure> {
    let runtime = &bench.runtime;
    let system = runtime.block_on(System::start(&bench.servers, &[]))?;
    let mut pool = Pool::of_full_batches(bench.either(BATCH, 5), bench.clock.now())?;
    runtime.block_on(make_copy_table(&system.db))?;
    let requests = bench.either(REQUESTS, 20);
    let (mut drains, mut copies) = (Vec::new(), Vec::new());
    for round in 0..bench.either(ROUNDS, 1) {
        let before = runtime.block_on(newest_row(&system.db))?;
        let drained = drain_round(bench, &system, &mut pool, requests)?;
        let copied = runtime.block_on(copy(&system.db, before))?;
        eprintln!(
            "round {}: drain {:.0} rows/s, COPY {copied:.0} rows/s, projection {:.1} s",
            round + 1,
            drained.rows / drained.seconds,
            drained.projection
        );
        drains.push(drained);
        copies.push(copied);
    }
    // Once more with every statement logged, which would slow a measured round.
    let logging = [("RUST_LOG", "warn,sqlx::query=debug")];
    let system = runtime.block_on(system.restarted(&logging))?;
    let told = drain_round(bench, &system, &mut pool, requests)?;
    let mut profile =
        vec!["of a drain and the projection after it, time in statements:".to_owned()];
    profile.extend(statements(&system.server.log()?, told.rows));
    runtime.block_on(system.end(&bench.servers))?;
    Ok(Found { profile, ..found(&drains, &copies, requests) })
}

fn found(drains: &[Drained], copies: &[f64], requests: usize) -> Found {
    let all = |field: fn(&Drained) -> f64| drains.iter().map(field).collect::<Vec<f64>>();
    let rates = all(|one| one.rows / one.seconds);
    let rows = median(&all(|one| one.rows));
    let figures = vec![
        Figure::new("rows stored", "rows/s", &rates)
            .against(COPY, (&rates, copies), Better::Higher, THROUGHPUT_VARIES)
            .ratio_target(0.4),
        Figure::new(
            "processor time of the system a row",
            "µs",
            &all(|one| one.system_cpu * 1e6 / one.rows),
        ),
        Figure::new(
            "processor time of PostgreSQL a row",
            "µs",
            &all(|one| one.postgres_cpu * 1e6 / one.rows),
        ),
        Figure::new("projection of visits afterwards", "s", &all(|one| one.projection)),
    ];
    let method = format!(
        "{requests} requests of a hundred interactions each, {rows:.0} events of {requests} \
         sessions, are sent; then the job that drains them is called until the queue is empty, and \
         its own reports say how long that took. Besides the rows it writes facts and states of \
         sessions, the ledger and the place that it came to. Then the same rows, held in memory, go \
         by one COPY (text) into a table with the same columns, indexes and partitions. Both tables \
         keep what rounds before brought. Projecting visits follows a drain and is no part of it."
    );
    Found { method, figures, ..Found::default() }
}

/// Fills the queue and drains it, then waits for the projection.
pub(super) fn drain_round(
    bench: &Bench,
    system: &System,
    pool: &mut Pool,
    requests: usize,
) -> Result<Drained, Failure> {
    bench.runtime.block_on(async {
        fill(system, pool, requests).await?;
        let cpu = cpu(bench, system)?;
        let mut drained = Drained::default();
        loop {
            let report = system.job("sync-interactions").await?;
            let milliseconds = report["durationMs"].as_u64().ok_or("the job says no duration")?;
            let stored = report["report"]["stored"].as_u64().ok_or("the drain says no rows")?;
            drained.rows += float(stored);
            drained.seconds += float(milliseconds) / 1e3;
            if report["report"]["complete"] == true {
                break;
            }
        }
        if drained.rows < float(requests as u64) * 100.0 {
            return Err(format!("only {} rows were stored", drained.rows).into());
        }
        let after = self::cpu(bench, system)?;
        (drained.system_cpu, drained.postgres_cpu) = (after.0 - cpu.0, after.1 - cpu.1);
        let ended = Instant::now();
        system.projected().await?;
        drained.projection = ended.elapsed().as_secs_f64();
        Ok(drained)
    })
}

async fn fill(system: &System, pool: &mut Pool, requests: usize) -> Result<(), Failure> {
    let target = system.target();
    let posts = stream::iter(std::iter::repeat_with(|| pool.next().0).take(requests));
    let mut answers = posts.map(|outgoing| target.send(outgoing)).buffer_unordered(AT_A_TIME);
    while let Some(answer) = answers.try_next().await? {
        if !answer.status.is_success() {
            let body = String::from_utf8_lossy(&answer.body);
            return Err(format!("a batch was answered {}: {body}", answer.status).into());
        }
    }
    Ok(())
}

/// Seconds of processor time of the system and of PostgreSQL, where that was started for this run.
fn cpu(bench: &Bench, system: &System) -> Result<(f64, f64), Failure> {
    let postgres = bench.servers.postgres.map(Cpu::of_family).transpose()?.unwrap_or_default();
    Ok((Cpu::of(system.server.process.id())?, postgres))
}

async fn newest_row(db: &PgPool) -> Result<Option<chrono::DateTime<chrono::Utc>>, Failure> {
    Ok(sqlx::query_scalar("SELECT max(stored_at) FROM interaction_events").fetch_one(db).await?)
}

/// A table like that of events, with partitions of the same bounds.
async fn make_copy_table(db: &PgPool) -> Result<(), Failure> {
    let partitions: Vec<(String, String)> = sqlx::query_as(
        "SELECT relname::text, pg_get_expr(relpartbound, oid) FROM pg_class
         WHERE oid IN (SELECT inhrelid FROM pg_inherits
                       WHERE inhparent = 'interaction_events'::regclass)",
    )
    .fetch_all(db)
    .await?;
    db.execute(
        "CREATE TABLE copied_events (LIKE interaction_events INCLUDING ALL)
         PARTITION BY RANGE (event_time)",
    )
    .await?;
    for (name, bounds) in partitions {
        let make = format!("CREATE TABLE copied_{name} PARTITION OF copied_events {bounds}");
        db.execute(make.as_str()).await?;
    }
    Ok(())
}

/// Copies the rows that are newer into the other table; rows a second.
async fn copy(
    db: &PgPool,
    newer_than: Option<chrono::DateTime<chrono::Utc>>,
) -> Result<f64, Failure> {
    let mut connection = db.acquire().await?;
    let connection: &mut PgConnection = &mut connection;
    let newer = newer_than
        .map_or_else(String::new, |at| format!(" WHERE stored_at > '{}'", at.to_rfc3339()));
    let out = format!("COPY (SELECT * FROM interaction_events{newer}) TO STDOUT");
    let rows = connection.copy_out_raw(&out).await?;
    let rows = rows.try_fold(Vec::new(), async |mut all, row| {
        all.extend_from_slice(&row);
        Ok(all)
    });
    let rows = rows.await?;
    let started = Instant::now();
    let mut into = connection.copy_in_raw("COPY copied_events FROM STDIN").await?;
    for chunk in rows.chunks(CHUNK) {
        into.send(chunk).await?;
    }
    let rows = into.finish().await?;
    Ok(float(rows) / started.elapsed().as_secs_f64())
}
