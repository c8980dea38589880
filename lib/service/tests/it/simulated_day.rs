//! A day at speed: visitors come all day, crons call as they are due, Redis is away for an hour and
//! PostgreSQL for another. Afterwards everything that was accepted is stored and counted, every job ran,
//! and the day's summary says what was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use mail_parser::MessageParser;
use nest_haus::jobs;
use nest_haus::operations::Trigger;
use nest_haus::platform::CronPlan;
use nest_haus::testing::{BROWSER_HEADERS, TestBed, variables};
use nest_haus::tracking::ledger::ledger;
use nest_haus_domain::accounts::Role;
use nest_haus_domain::analytics::{Interval, Zone};
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use uuid::{ContextV7, Timestamp, Uuid};

use crate::accounts::account;

/// A server behind a door that can be shut: who is connected is cut off, who comes is sent away at once.
struct Door(watch::Sender<bool>);

impl Door {
    /// A door before the server of a URL, and the URL of the door.
    async fn before(url: &str) -> (Self, String) {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, path) = rest.split_once('/').map_or((rest, ""), |(a, path)| (a, path));
        let (user, server) = authority.rsplit_once('@').unwrap_or(("", authority));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (away, is_away) = watch::channel(false);
        tokio::spawn(Self::stand(listener, Arc::from(server), is_away));
        let user = if user.is_empty() { String::new() } else { format!("{user}@") };
        (Self(away), format!("{scheme}://{user}{address}/{path}"))
    }

    async fn stand(listener: TcpListener, server: Arc<str>, is_away: watch::Receiver<bool>) {
        while let Ok((mut client, _)) = listener.accept().await {
            let (server, mut is_away) = (server.clone(), is_away.clone());
            tokio::spawn(async move {
                if *is_away.borrow() {
                    return;
                }
                let mut server = TcpStream::connect(&*server).await.unwrap();
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => {}
                    _ = is_away.wait_for(|away| *away) => {}
                }
            });
        }
    }

    fn shut(&self, away: bool) {
        self.0.send_replace(away);
    }
}

/// What a cron was answered.
struct Called {
    at: DateTime<Utc>,
    job: &'static str,
    status: StatusCode,
    report: Value,
}

/// What visitors sent, by kind.
#[derive(Default)]
struct Sent {
    visits: i64,
    interactions: i64,
    configurations: i64,
    measurements: i64,
    /// When each request was sent, and how many interactions it carried.
    at: Vec<(DateTime<Utc>, i64)>,
}

struct Day {
    bed: TestBed,
    begin: DateTime<Utc>,
    plan: CronPlan,
    redis: Door,
    database: Door,
    called: Vec<Called>,
    sent: Sent,
    visitors: usize,
    price: i64,
}

/// Minutes between visitors, where nothing but work after their answers keeps reports fresh: fewer than a
/// stream may be late without being drained.
const OFTEN: u32 = 4;

/// The same, where crons do.
const SOMETIMES: u32 = 10;

/// The job that takes most of the time of a day at speed. It is called as it is due in the hours around the
/// outages and at the end alone.
const SLOW: &str = "popular-configurations";

/// Who is mailed while there is no telling who subscribed.
const STAND_BY: &str = "stand-by@nest-haus.test";

impl Day {
    /// A system at the midnight of Vienna that comes next.
    async fn at_midnight(plan: CronPlan) -> Self {
        let own = variables(&[]).await;
        let (database, database_url) = Door::before(&own["DATABASE_URL"]).await;
        let (redis, redis_url) = Door::before(&own["REDIS_URL"]).await;
        let name = match plan {
            CronPlan::Frequent => "frequent",
            CronPlan::Daily => "daily",
        };
        let bed = TestBed::with(&[
            ("DATABASE_URL", &database_url),
            ("REDIS_URL", &redis_url),
            ("CRON_PLAN", name),
            ("ALERT_MAIL_TO", STAND_BY),
        ])
        .await;
        account(&bed, Role::Owner).await;
        let house = bed.post("/api/pricing/calculate", house()).await;
        let price = house.body["totalPrice"].as_i64().unwrap();
        let tomorrow = bed.now() + TimeDelta::days(1);
        let midnight = Interval::Day.start(tomorrow, vienna());
        bed.advance(midnight - TimeDelta::minutes(1) - bed.now());
        // Before the day begins nothing is late.
        for job in jobs::ALL.iter().filter(|job| job.name != "evaluate-alerts") {
            let budget = bed.app.config.job_budget;
            jobs::start(&bed.app, job, &Trigger::Command, budget).await.unwrap();
        }
        let (called, sent) = (Vec::new(), Sent::default());
        Self { bed, begin: midnight, plan, redis, database, called, sent, visitors: 0, price }
    }

    /// Lives through a minute: crons that are due are called, and now and then somebody comes.
    async fn minute(&mut self, minute: DateTime<Utc>) {
        // The clock of the bed moves by whole milliseconds.
        self.bed.advance(minute - self.bed.now() + TimeDelta::milliseconds(1));
        for job in jobs::ALL {
            let schedule = job.schedule_by(self.plan).unwrap();
            if schedule.last(minute) == Some(minute) && self.is_called(job.name, minute) {
                self.call(job.name, minute).await;
            }
        }
        let every = match self.plan {
            CronPlan::Frequent => SOMETIMES,
            CronPlan::Daily => {
                self.forget_look().await;
                OFTEN
            }
        };
        if minute.minute() % every == 1 {
            self.visitor().await;
        }
    }

    fn is_called(&self, job: &str, minute: DateTime<Utc>) -> bool {
        let hour = (minute - self.begin).num_hours();
        self.plan == CronPlan::Daily || job != SLOW || (9..17).contains(&hour) || hour >= 28
    }

    /// Looking for late jobs waits for a minute by the clock of Redis, which does not go at speed.
    async fn forget_look(&self) {
        let mut delete = redis::cmd("DEL");
        delete.arg(self.bed.app.redis.key("lease:overdue-jobs"));
        let _while_away = self.bed.app.redis.query_twice::<i64>(&delete).await;
    }

    async fn call(&mut self, job: &'static str, at: DateTime<Utc>) {
        let request = Request::get(format!("/api/cron/{job}")).body(Body::empty()).unwrap();
        let reply = self.bed.send_and_work(request).await;
        self.called.push(Called { at, job, status: reply.status, report: reply.body });
    }

    async fn post(&self, path: &str, body: &Value) {
        let request = BROWSER_HEADERS
            .into_iter()
            .fold(Request::post(path), |request, (name, value)| request.header(name, value));
        let request = request.body(Body::from(body.to_string())).unwrap();
        let reply = self.bed.send_and_work(request).await;
        assert!(reply.status.is_success(), "{path} at {}: {}", self.bed.now(), reply.text);
    }

    /// Somebody comes, looks around, configures a house, and every third puts it into the cart.
    async fn visitor(&mut self) {
        self.visitors += 1;
        let session = format!("visitor-{}", self.visitors);
        let now = self.bed.now();
        let event = |seq: i64, kind: &str, category: &str, value: &str| {
            json!({"eventId": id_at(now), "seq": seq, "ageMs": (4 - seq) * 700 + seq * seq * 10,
                "eventType": kind, "category": category, "selectionValue": value})
        };
        let events = [
            event(1, "page_visit", "navigation", "/konfigurator"),
            event(2, "scroll", "page", "50"),
            event(3, "selection", "nest", "nest80"),
            event(4, "click", "button", "weiter"),
        ];
        let batch = json!({"sessionId": session, "tabId": "tab", "emitted": 4, "events": events});
        self.post("/api/sessions/track-batch", &batch).await;
        self.sent.at.push((now, 4));
        self.sent.interactions += 4;
        let saved =
            json!({"sessionId": session, "configuration": house(), "currentPrice": self.price});
        self.post("/api/sessions/sync", &saved).await;
        self.sent.configurations += 1;
        let measured = json!({"sessionId": session, "metricName": "LCP", "value": 1200});
        self.post("/api/performance/track", &measured).await;
        self.sent.measurements += 1;
        self.sent.visits += 1;
    }

    /// Interactions that were sent before an instant.
    fn sent_before(&self, at: DateTime<Utc>) -> i64 {
        self.sent.at.iter().filter(|(sent, _)| *sent < at).map(|(_, events)| events).sum()
    }

    /// Every incident: its rule and what it is about, the latest first.
    async fn incidents(&self) -> Vec<(String, Value)> {
        let reply = self.bed.get_as_admin("/api/admin/alerts?limit=200").await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        let all = reply.body["alerts"].as_array().unwrap().clone();
        let name = |alert: &Value| {
            let text = |field: &str| alert[field].as_str().unwrap().to_owned();
            format!("{} {}", text("rule"), text("subject"))
        };
        all.into_iter().map(|alert| (name(&alert), alert)).collect()
    }

    /// To whom mails went, by their subject.
    fn mailed(&self) -> Vec<(String, String)> {
        let mails = self.bed.mails();
        let read = mails.iter().map(|mail| MessageParser::default().parse(mail).unwrap());
        let one = |mail: mail_parser::Message<'_>| {
            let to = mail.to().unwrap().first().unwrap().address().unwrap().to_owned();
            (to, mail.subject().unwrap().to_owned())
        };
        read.map(one).collect()
    }

    /// The jobs as administrators see them.
    async fn listed(&self) -> Vec<Value> {
        let reply = self.bed.get_as_admin("/api/admin/jobs?runs=1").await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        reply.body["jobs"].as_array().unwrap().clone()
    }

    /// The kept report of a kind that ends at an instant.
    async fn kept(&self, kind: &str, to: DateTime<Utc>) -> Value {
        let list = self.bed.get_as_admin(&format!("/api/admin/reports?kind={kind}")).await;
        assert_eq!(list.status, StatusCode::OK, "{}", list.text);
        let ends = |report: &&Value| {
            report["to"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap() == to
        };
        let found = list.body["reports"].as_array().unwrap().iter().find(ends);
        let id = found.unwrap_or_else(|| panic!("{}", list.text))["id"].as_str().unwrap();
        let path = format!("/api/admin/reports/content?id={id}");
        self.bed.get_as_admin(&path).await.body
    }
}

/// What every visitor configures.
fn house() -> Value {
    json!({"nest": "nest80", "gebaeudehuelle": "trapezblech"})
}

fn vienna() -> Zone {
    Zone::of_name("Europe/Vienna").unwrap()
}

/// An id as a client makes it at an instant.
fn id_at(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap();
    Uuid::new_v7(Timestamp::from_unix(ContextV7::new(), seconds, now.timestamp_subsec_nanos()))
}

#[tokio::test]
async fn a_day_with_an_hour_without_redis_and_an_hour_without_postgresql() {
    let mut day = Day::at_midnight(CronPlan::Frequent).await;
    let begin = day.begin;
    let (midnight, end) = (begin + TimeDelta::hours(24), begin + TimeDelta::minutes(29 * 60 + 15));
    let hour = |hour: i64| begin + TimeDelta::hours(hour)..begin + TimeDelta::hours(hour + 1);
    let (without_redis, without_database) = (hour(10), hour(14));
    let mut of_day = None;
    let mut minute = begin;
    while minute <= end {
        if minute == midnight {
            of_day = Some(std::mem::take(&mut day.sent));
        }
        day.redis.shut(without_redis.contains(&minute));
        day.database.shut(without_database.contains(&minute));
        day.minute(minute).await;
        minute += TimeDelta::minutes(1);
    }
    let of_day = of_day.unwrap();
    let after_midnight = day.sent.interactions + day.sent.configurations + day.sent.measurements;

    let mut good: BTreeMap<&str, BTreeSet<DateTime<Utc>>> = BTreeMap::new();
    for called in &day.called {
        let during_outage =
            without_redis.contains(&called.at) || without_database.contains(&called.at);
        let (at, job, report) = (called.at, called.job, &called.report);
        assert!(called.status == StatusCode::OK || during_outage, "{job} at {at}: {report}");
        if called.status == StatusCode::OK {
            assert_eq!(report["outcome"], "succeeded", "{job} at {at}: {report}");
            good.entry(job).or_default().insert(at);
        }
    }
    let often = usize::try_from(((end - begin).num_minutes() - 2 * 60) / 2).unwrap() + 1;
    assert_eq!(good["sync-configurations"].len(), often, "every two minutes but in two hours");
    for job in ["daily-summary", "aggregate-daily", "partitions", "retention"] {
        assert!(!good[job].is_empty(), "{job}");
    }
    for job in day.listed().await {
        assert_eq!((&job["overdueSince"], &job["missedRuns"]), (&Value::Null, &json!(0)), "{job}");
    }

    check_alerts(&day).await;

    let report = ledger(&day.bed.app, true, day.bed.now()).await.unwrap();
    assert!(report.is_closed(), "{report:?}");
    let counts = json!(report.transmissions);
    let sent = of_day.interactions + of_day.configurations + of_day.measurements + after_midnight;
    assert_eq!((&counts["received"], &counts["stored"]), (&json!(sent), &json!(sent)), "{counts}");
    assert!(report.received_directly > 0, "in the hour without Redis");

    let kept = day.kept("daily-summary", midnight).await;
    let current = &kept["overview"]["current"];
    assert_eq!(current["visits"], of_day.visits, "{kept}");
    assert_eq!(current["interactions"], of_day.interactions);
    assert_eq!(current["selections"], of_day.visits);
    assert_eq!(current["snapshots"], of_day.configurations);
    assert_eq!(current["captureRate"]["value"], 1.0);
    assert_eq!(kept["popularConfigs"]["sessions"], of_day.visits);
    assert_eq!(kept["conversionFunnel"]["steps"][0]["entered"], of_day.visits);
    assert_eq!(kept["dataQuality"]["closed"], true);
}

/// Each incident of the day fired once, was told once, and is over.
async fn check_alerts(day: &Day) {
    let incidents = day.incidents().await;
    let names: Vec<String> = incidents
        .iter()
        .map(|(name, of)| format!("{name}: {} to {}", of["startedAt"], of["resolvedAt"]))
        .collect();
    let about = |name: &str| incidents.iter().filter(|(of, _)| of == name).count();
    let drains = ["sync-configurations", "sync-interactions", "sync-performance"];
    let missed = drains.map(|job| format!("job_missed {job}"));
    for name in
        ["dependency redis", "dependency postgresql"].map(str::to_owned).iter().chain(&missed)
    {
        assert_eq!(about(name), 1, "{name} in {names:#?}");
    }
    for (name, incident) in &incidents {
        assert_eq!(
            (&incident["state"], &incident["reopened"]),
            (&json!("resolved"), &json!(0)),
            "{incident}"
        );
        // The test itself calls this job in some hours only.
        assert!(about(name) == 1 || name.ends_with(SLOW), "{name} in {names:#?}");
    }
    let is_alert =
        |subject: &str| ["Warnung: ", "Dringend: "].iter().any(|how| subject.starts_with(how));
    let mailed: Vec<_> =
        day.mailed().into_iter().filter(|(_, subject)| is_alert(subject)).collect();
    let without_database = mailed.iter().filter(|(to, _)| to == STAND_BY).count();
    assert_eq!(without_database, 1, "{mailed:?}");
    assert_eq!(mailed.len(), incidents.len(), "one message an incident: {mailed:#?} {names:#?}");
}

#[tokio::test]
async fn a_day_on_which_crons_call_once_is_as_fresh_by_work_after_answers() {
    let mut day = Day::at_midnight(CronPlan::Daily).await;
    let begin = day.begin;
    for minute in 0..=24 * 60 {
        let at = begin + TimeDelta::minutes(minute);
        day.minute(at).await;
        if minute % 60 == 0 {
            let stored = day.bed.count("SELECT count(*) FROM interaction_events").await;
            let due = day.sent_before(at - TimeDelta::minutes(15));
            assert!(stored >= due, "{stored} of {due} stored at {at}");
            let visits = day.bed.count("SELECT count(*) FROM visits").await;
            assert!(4 * visits >= due, "{visits} visits of {due} interactions counted at {at}");
        }
    }
    for called in &day.called {
        assert_eq!(
            called.status,
            StatusCode::OK,
            "{} at {}: {}",
            called.job,
            called.at,
            called.report
        );
    }
    assert_eq!(day.called.len(), jobs::ALL.len(), "each job once");
    assert!(ledger(&day.bed.app, true, day.bed.now()).await.unwrap().is_closed());
}
