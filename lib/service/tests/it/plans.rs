//! Every query that the program runs is planned: none may read a table of events from end to end.

use std::fs;
use std::path::Path;

use nest_haus::testing::TestBed;
use serde_json::Value;
use sqlx::{Executor, PgConnection};

const EVENT_TABLES: [&str; 4] =
    ["interaction_events", "configuration_snapshots", "session_events", "performance_metrics"];

/// What the names of functions that read them begin with.
const COUNTING_FUNCTIONS: [&str; 3] = ["option_vote", "option_regret", "option_switch"];

/// The ledger's audit counts every row: that is what it is for, and only its command asks for it.
const AUDIT: &str = "WITH events AS (";

/// The queries that were checked when this was built, with their numbers of parameters.
fn queries() -> Vec<(String, usize)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.sqlx");
    let described = fs::read_dir(folder).unwrap().map(|file| {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let query: Value = serde_json::from_str(&text).unwrap();
        let parameters = query["describe"]["parameters"]["Left"].as_array().map_or(0, Vec::len);
        (query["query"].as_str().unwrap().to_owned(), parameters)
    });
    described.filter(|(query, _)| !query.contains(AUDIT)).collect()
}

/// The plan that serves any parameters.
async fn plan(db: &mut PgConnection, query: &str, parameters: usize) -> String {
    db.execute(format!("PREPARE planned AS {query}").as_str()).await.unwrap();
    let nulls = vec!["NULL"; parameters].join(", ");
    let call = if nulls.is_empty() { String::new() } else { format!("({nulls})") };
    let lines: Vec<String> = sqlx::query_scalar(&format!("EXPLAIN EXECUTE planned{call}"))
        .fetch_all(&mut *db)
        .await
        .unwrap();
    db.execute("DEALLOCATE planned").await.unwrap();
    lines.join("\n")
}

#[tokio::test]
async fn no_query_reads_a_table_of_events_from_end_to_end() {
    let bed = TestBed::new().await;
    nest_haus::operations::ensure_partitions(&bed.app, bed.now()).await.unwrap();
    let mut db = bed.app.db.acquire().await.unwrap();
    // Without this an empty table is always read whole; with it only a query that no index serves is.
    db.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan").await.unwrap();
    let mut planned = 0;
    for (query, parameters) in queries() {
        let names = EVENT_TABLES.iter().chain(&COUNTING_FUNCTIONS);
        if !names.into_iter().any(|name| query.contains(name)) {
            continue;
        }
        let plan = plan(&mut db, &query, parameters).await;
        for table in EVENT_TABLES {
            let whole = format!("Seq Scan on {table}");
            assert!(!plan.contains(&whole), "{query}\n{plan}");
        }
        planned += 1;
    }
    assert!(planned >= 8, "only {planned} queries were planned");
}
