//! The drain under everything that can happen to it.

use axum::http::StatusCode;
use chrono::TimeDelta;
use nest_haus::testing::TestBed;
use nest_haus::tracking::dead_letters;
use nest_haus::tracking::drain::drain;
use nest_haus::work::Work;
use nest_haus_domain::tracking::Kind;
use serde_json::{Value, json};

use super::events::{batch, stored_elements};

const STREAM: &str = "q:interactions";

async fn redis_command<T: redis::FromRedisValue>(
    bed: &TestBed,
    command: &str,
    arguments: &[&[u8]],
) -> T {
    let mut command = redis::cmd(command);
    for argument in arguments {
        command.arg(*argument);
    }
    bed.app.redis.query(&command).await.unwrap()
}

async fn send(bed: &TestBed, session: &str, seqs: std::ops::RangeInclusive<i64>) {
    let reply = bed.post("/api/sessions/track-batch", batch(session, seqs)).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
}

#[tokio::test]
async fn ten_thousand_events_are_drained_in_one_call_of_the_cron() {
    let bed = TestBed::new().await;
    for n in 0..100 {
        send(&bed, &format!("s{n}"), 1..=100).await;
    }
    let reply = bed.get("/api/cron/sync-interactions").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.body["report"]["stored"], 10_000);
    assert_eq!(reply.body["report"]["complete"], true);
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 10_000);
    assert_eq!(bed.count("SELECT count(*) FROM job_runs WHERE outcome = 'succeeded'").await, 1);
    let entries: i64 = redis_command(&bed, "XLEN", &[bed.app.redis.key(STREAM).as_bytes()]).await;
    assert_eq!(entries, 0);
}

#[tokio::test]
async fn a_crash_between_commit_and_trim_stores_and_counts_nothing_twice() {
    let bed = TestBed::new().await;
    // More than a first read takes, so that the interrupted trim is not at its end.
    for n in 0..70 {
        send(&bed, "s", (n * 3 + 1)..=(n * 3 + 3)).await;
    }
    let stream = bed.app.redis.key(STREAM);
    let before: Vec<u8> = redis_command(&bed, "DUMP", &[stream.as_bytes()]).await;
    bed.drain().await;
    let restored: String =
        redis_command(&bed, "RESTORE", &[stream.as_bytes(), b"0", &before, b"REPLACE"]).await;
    assert_eq!(restored, "OK");
    send(&bed, "s", 211..=213).await;
    let report = &bed.drain().await[0];
    assert_eq!((report.stored, report.duplicate), (3, 0));
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 213);
    assert_eq!(bed.count("SELECT received FROM ledger").await, 213);
    assert_eq!(bed.count("SELECT interaction_count FROM user_sessions").await, 213);
}

#[tokio::test]
async fn another_redis_with_an_older_clock_loses_nothing() {
    let bed = TestBed::new().await;
    send(&bed, "s", 1..=2).await;
    bed.drain().await;
    let stream = bed.app.redis.key(STREAM);
    send(&bed, "s", 3..=4).await;
    // The same entry, but at a place long before the last committed one.
    let entries: Vec<(String, Vec<Vec<u8>>)> =
        redis_command(&bed, "XRANGE", &[stream.as_bytes(), b"-", b"+"]).await;
    let _: i64 = redis_command(&bed, "DEL", &[stream.as_bytes()]).await;
    let mut add: Vec<&[u8]> = vec![stream.as_bytes(), b"1-1"];
    add.extend(entries[0].1.iter().map(Vec::as_slice));
    let _: String = redis_command(&bed, "XADD", &add).await;
    assert_eq!(bed.drain().await[0].stored, 2);
    assert_eq!(stored_elements(&bed, "s").await, ["e1", "e2", "e3", "e4"]);
}

#[tokio::test]
async fn two_drains_at_once_and_events_arriving_meanwhile_neither_lose_nor_double() {
    let bed = TestBed::new().await;
    for n in 0..40 {
        send(&bed, &format!("s{}", n % 7), (n + 1)..=(n + 1)).await;
    }
    let lease = bed.app.redis.key("lease:drain:interactions");
    let drain_without_lease = || async {
        for _ in 0..10 {
            // Leases only save work: without them two drains must still be right.
            let _: i64 = redis_command(&bed, "DEL", &[lease.as_bytes()]).await;
            drain(&bed.app, Kind::Interactions, bed.app.config.job_budget).await.unwrap();
        }
    };
    let arriving = async {
        for n in 40..120 {
            send(&bed, &format!("s{}", n % 7), (n + 1)..=(n + 1)).await;
        }
    };
    tokio::join!(drain_without_lease(), drain_without_lease(), drain_without_lease(), arriving);
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 120);
    assert_eq!(bed.count("SELECT sum(received)::bigint FROM ledger").await, 120);
    assert_eq!(bed.count("SELECT sum(interaction_count)::bigint FROM user_sessions").await, 120);
}

#[tokio::test]
async fn two_drains_of_more_than_one_reads_worth_neither_lose_nor_double() {
    let bed = TestBed::new().await;
    let requests = 1_620;
    for n in 0..requests {
        send(&bed, &format!("s{}", n % 7), (n + 1)..=(n + 1)).await;
    }
    let lease = bed.app.redis.key("lease:drain:interactions");
    // Each reads on while its batch is stored, and finds that the other has taken what it read.
    let drain_without_lease = async || {
        let _: i64 = redis_command(&bed, "DEL", &[lease.as_bytes()]).await;
        drain(&bed.app, Kind::Interactions, bed.app.config.job_budget).await.unwrap()
    };
    let (one, other) = tokio::join!(drain_without_lease(), drain_without_lease());
    bed.drain().await;
    assert!(one.batches + other.batches >= 2, "{one:?} {other:?}");
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, requests);
    assert_eq!(bed.count("SELECT sum(received)::bigint FROM ledger").await, requests);
    assert_eq!(
        bed.count("SELECT received FROM drain_positions WHERE queue = 'interactions'").await,
        requests
    );
    let entries: i64 = redis_command(&bed, "XLEN", &[bed.app.redis.key(STREAM).as_bytes()]).await;
    assert_eq!(entries, 0);
}

#[tokio::test]
async fn a_drain_stops_when_its_time_is_over_and_the_next_goes_on() {
    let bed = TestBed::new().await;
    for seq in 1..=520 {
        send(&bed, "s", seq..=seq).await;
    }
    let no_time = std::time::Duration::from_millis(1);
    let first = drain(&bed.app, Kind::Interactions, no_time).await.unwrap();
    assert_eq!((first.batches, first.entries, first.complete), (1, 500, false));
    let second = drain(&bed.app, Kind::Interactions, bed.app.config.job_budget).await.unwrap();
    assert_eq!((second.entries, second.complete), (20, true));
}

#[tokio::test]
async fn a_lease_held_elsewhere_leaves_the_work_to_its_holder() {
    let bed = TestBed::new().await;
    send(&bed, "s", 1..=1).await;
    let lease = bed.app.redis.key("lease:drain:interactions");
    let _: String = redis_command(&bed, "SET", &[lease.as_bytes(), b"another"]).await;
    let report = &bed.drain().await[0];
    assert!(report.lease_held_elsewhere);
    assert_eq!(report.entries, 0);
}

/// Puts events into the queue that passed an older accept path and that the database refuses.
async fn poison(bed: &TestBed, seqs: &[i64]) {
    let stream = bed.app.redis.key(STREAM);
    let entries: Vec<(String, Vec<Vec<u8>>)> =
        redis_command(bed, "XRANGE", &[stream.as_bytes(), b"-", b"+"]).await;
    let (_, mut fields) = entries.into_iter().next_back().unwrap();
    let data = fields.last().unwrap().clone();
    let mut entry: serde_json::Value = serde_json::from_slice(&data).unwrap();
    for event in entry["events"].as_array_mut().unwrap() {
        if seqs.contains(&event["seq"].as_i64().unwrap()) {
            event["payload"]["data"]["category"] = json!("x".repeat(300));
        }
    }
    let _: i64 = redis_command(bed, "DEL", &[stream.as_bytes()]).await;
    *fields.last_mut().unwrap() = entry.to_string().into_bytes();
    let mut add: Vec<&[u8]> = vec![stream.as_bytes(), b"*"];
    add.extend(fields.iter().map(Vec::as_slice));
    let _: String = redis_command(bed, "XADD", &add).await;
}

#[tokio::test]
async fn poison_is_isolated_down_to_the_event_and_can_be_sent_again() {
    let bed = TestBed::new().await;
    send(&bed, "s", 1..=50).await;
    poison(&bed, &[7, 23, 50]).await;
    let report = &bed.drain().await[0];
    assert_eq!((report.stored, report.dead), (47, 3));
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 47);
    assert_eq!(bed.count("SELECT dead FROM sequences").await, 3);
    let letters = dead_letters::list(&bed.app, None, None, 10).await.unwrap();
    assert_eq!(letters.len(), 3);
    assert!(letters.iter().all(|letter| letter.code == "23514" && letter.stage == "dead"));

    let still = dead_letters::replay(&bed.app, None, None).await.unwrap();
    assert_eq!((still.tried, still.stored, still.still_dead), (3, 0, 3));
    sqlx::query("ALTER TABLE interaction_events DROP CONSTRAINT interaction_events_category_check")
        .execute(&bed.app.db)
        .await
        .unwrap();
    let now = dead_letters::replay(&bed.app, Some(letters[0].id), None).await.unwrap();
    assert_eq!((now.tried, now.stored), (1, 1));
    assert_eq!(dead_letters::replay(&bed.app, None, None).await.unwrap().stored, 2);
    assert_eq!(dead_letters::replay(&bed.app, None, None).await.unwrap().tried, 0);
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 50);
    let ledger = bed.get_as_admin("/api/admin/analytics/data-quality").await.body;
    assert_eq!(ledger["closed"], true, "{ledger}");
    assert_eq!(ledger["ledger"]["sequences"]["unknown"], 0);
    assert_eq!(ledger["ledger"]["transmissions"]["dead"], 0);
}

#[tokio::test]
async fn an_administrator_sees_why_events_were_not_stored_and_sends_them_again() {
    let bed = TestBed::new().await;
    let nothing = bed.get_as_admin("/api/admin/dead-letters").await.body;
    assert_eq!(nothing, json!({"reasons": [], "deadLetters": [], "nextCursor": null}));
    send(&bed, "s", 1..=5).await;
    poison(&bed, &[2, 3, 5]).await;
    bed.drain().await;
    let mut bad = batch("s", 6..=7);
    bad["events"][1]["eventType"] = json!("x".repeat(300));
    bed.post("/api/sessions/track-batch", bad).await;
    bed.drain().await;

    let all = bed.get_as_admin("/api/admin/dead-letters").await.body;
    let stages = |list: &Value| -> Vec<String> {
        let letters = list["deadLetters"].as_array().unwrap().iter();
        letters.map(|letter| letter["stage"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stages(&all), ["rejected", "dead", "dead", "dead"], "{all}");
    assert_eq!(all["deadLetters"][1]["sessionId"], "s");
    let why = |place: usize| {
        let reason = &all["reasons"][place];
        (reason["stage"].clone(), reason["letters"].clone(), reason["events"].clone())
    };
    assert_eq!(why(0), (json!("dead"), json!(3), json!(3)));
    assert_eq!(why(1), (json!("rejected"), json!(1), json!(1)));
    let path = "/api/admin/dead-letters?stage=dead&limit=2";
    let first = bed.get_as_admin(path).await.body;
    let rest = format!("{path}&cursor={}", first["nextCursor"].as_str().unwrap());
    let rest = bed.get_as_admin(&rest).await.body;
    assert_eq!(
        (stages(&first).len(), stages(&rest).len(), &rest["nextCursor"]),
        (2, 1, &json!(null))
    );
    for (odd, field) in [("stage=lost", "query"), ("limit=0", "limit"), ("cursor=x", "cursor")] {
        let reply = bed.get_as_admin(&format!("/api/admin/dead-letters?{odd}")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(reply.body["errors"][0]["field"], field);
    }

    let replay =
        async |body: Value| bed.send_as_admin("POST", "/api/admin/dead-letters/replay", body).await;
    let counts = |tried, stored, still_dead| json!({"tried": tried, "stored": stored, "stillDead": still_dead, "left": 0});
    assert_eq!(replay(json!({})).await.body, counts(3, 0, 3));
    sqlx::query("ALTER TABLE interaction_events DROP CONSTRAINT interaction_events_category_check")
        .execute(&bed.app.db)
        .await
        .unwrap();
    let one = json!({"id": first["deadLetters"][0]["id"]});
    assert_eq!(replay(one.clone()).await.body, counts(1, 1, 0));
    assert_eq!(replay(one).await.status, StatusCode::NOT_FOUND);
    let refused = json!({"id": all["deadLetters"][0]["id"]});
    assert_eq!(replay(refused).await.status, StatusCode::NOT_FOUND);
    assert_eq!(replay(json!({})).await.body, counts(2, 2, 0));
    let left = bed.get_as_admin("/api/admin/dead-letters").await.body;
    assert_eq!(stages(&left), ["rejected"]);
    let acts = "SELECT count(*) FROM audit_log WHERE action = 'dead_letters.replay'";
    assert_eq!(bed.count(acts).await, 3);
}

#[tokio::test]
async fn sending_again_ends_with_its_time_and_says_what_is_left() {
    let bed = TestBed::new().await;
    send(&bed, "s", 1..=3).await;
    poison(&bed, &[1, 2]).await;
    bed.drain().await;
    let replay = dead_letters::replay(&bed.app, None, Some(tokio::time::Instant::now())).await;
    let replay = replay.unwrap();
    assert_eq!((replay.tried, replay.left), (0, 2));
}

#[tokio::test]
async fn a_damaged_entry_becomes_a_dead_letter_and_holds_nothing_up() {
    let bed = TestBed::new().await;
    send(&bed, "s", 1..=2).await;
    let stream = bed.app.redis.key(STREAM);
    let entry = uuid::Uuid::now_v7().to_string();
    let fields: [&[u8]; 8] =
        [b"id", entry.as_bytes(), b"events", b"3", b"offset", b"0", b"data", b"{\"v\":99\0\xff"];
    let add: Vec<&[u8]> = [stream.as_bytes(), b"*"].into_iter().chain(fields).collect();
    let _: String = redis_command(&bed, "XADD", &add).await;
    let _: String =
        redis_command(&bed, "XADD", &[stream.as_bytes(), b"*", b"nothing", b"known"]).await;
    send(&bed, "s", 3..=4).await;
    let report = &bed.drain().await[0];
    assert_eq!((report.stored, report.dead), (4, 4));
    assert_eq!(bed.count("SELECT count(*) FROM dead_letters WHERE code = 'undecodable'").await, 2);
}

#[tokio::test]
async fn a_full_queue_sends_events_straight_into_the_database() {
    for bound in [("QUEUE_ENTRIES_MAX", "2"), ("QUEUE_BYTES_MAX", "3000")] {
        let bed = TestBed::with(&[bound]).await;
        for n in 1..=10 {
            send(&bed, "s", n..=n).await;
        }
        assert!(bed.count("SELECT count(*) FROM interaction_events").await >= 5, "{bound:?}");
        bed.drain().await;
        assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 10);
        assert_eq!(bed.count("SELECT interaction_count FROM user_sessions").await, 10);
        send(&bed, "s", 11..=11).await;
        let ledger = bed.get_as_admin("/api/admin/analytics/data-quality").await.body;
        assert_eq!(ledger["closed"], true, "{ledger}");
        assert_eq!(ledger["ledger"]["transmissions"]["queued"], 1);
    }
}

#[tokio::test]
async fn a_stream_whose_cron_is_late_is_drained_after_an_answer() {
    use axum::body::Body;
    use axum::http::Request;
    let bed = TestBed::with(&[("DRAIN_LATE_AFTER_S", "3600")]).await;
    let track = |seq: i64| {
        let body = Body::from(batch("s", [seq]).to_string());
        bed.service.call(Request::post("/api/sessions/track-batch").body(body).unwrap())
    };
    let work = track(1).await.after.expect("a stream never drained is late");
    work.await;
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 1);
    assert!(track(2).await.after.is_none(), "drained just now");
    bed.advance(chrono::TimeDelta::hours(2));
    assert!(track(3).await.after.is_some());
    Work::Drain(Kind::Interactions).run(&bed.app).await;
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 3);
}

#[tokio::test]
async fn with_redis_out_of_reach_events_go_into_the_database_and_are_counted() {
    let bed = TestBed::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    send(&bed, "s", 1..=3).await;
    let body = batch("s", 3..=5);
    for accepted in [3, 3] {
        let reply = bed.post("/api/sessions/track-batch", body.clone()).await;
        assert_eq!(reply.body["accepted"], accepted);
    }
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 6);
    let own = bed
        .post(
            "/api/sessions/update-user-data",
            json!({"sessionId": "t", "userData": {"email": "a@b.c"}}),
        )
        .await;
    let cookie = own.cookie().expect("a token without redis too");
    let session = bed.get_as("/api/sessions/get-session?sessionId=t", &cookie).await;
    assert!(session.text.contains("a@b.c"), "{}", session.text);
    let live = bed.get_as_admin("/api/admin/analytics/real-time").await.body;
    assert_eq!(live["activeNow"], 2);
    assert_eq!(live["meta"]["warnings"].as_array().unwrap().len(), 1);
    let consent = json!({"sessionId": "s", "analyticsConsent": false, "marketingConsent": false, "functionalConsent": false});
    bed.post("/api/sessions/update-consent", consent).await;
    let refused = bed.post("/api/sessions/track-batch", batch("s", [9])).await;
    assert_eq!(refused.body["rejected"][0]["code"], "consent_denied");
    let deep = bed.get("/api/health?deep=1").await;
    assert_eq!(deep.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(bed.get("/api/health").await.status, StatusCode::OK);
}

#[tokio::test]
async fn with_both_out_of_reach_the_client_is_told_to_come_back() {
    let bed = TestBed::with(&[
        ("REDIS_URL", "redis://127.0.0.1:1"),
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
    ])
    .await;
    let reply = bed.post("/api/sessions/track-batch", batch("s", [1])).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.headers["retry-after"], "5");
    assert!(!reply.text.contains("127.0.0.1"), "{}", reply.text);
    assert_eq!(
        bed.get("/api/cron/sync-interactions").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(
        bed.get("/api/sessions/get-session?sessionId=s").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(
        bed.get_as_admin("/api/admin/analytics/overview").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
}

#[tokio::test]
async fn with_the_database_out_of_reach_events_wait_in_the_queue() {
    let bed = TestBed::new().await;
    bed.get_as_admin("/api/admin/analytics/real-time").await;
    bed.app.db.close().await;
    send(&bed, "s", 1..=3).await;
    assert_eq!(
        bed.get("/api/cron/sync-interactions").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    let live = bed.get_as_admin("/api/admin/analytics/real-time").await.body;
    assert_eq!((&live["activeNow"], &live["queueDepth"]), (&json!(1), &json!(1)));
    assert_eq!(bed.get("/api/sessions/get-session?sessionId=s").await.status, StatusCode::OK);
    // Who proved themselves just before may go on reading, for a while, and change nothing.
    let change = bed.send_as_admin("POST", "/api/admin/api-keys", json!({})).await;
    assert_eq!(change.status, StatusCode::SERVICE_UNAVAILABLE);
    bed.advance(TimeDelta::minutes(16));
    let later = bed.get_as_admin("/api/admin/analytics/real-time").await;
    assert_eq!(later.status, StatusCode::SERVICE_UNAVAILABLE);
}
