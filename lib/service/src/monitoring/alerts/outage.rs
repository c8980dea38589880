//! When PostgreSQL is out of reach: rules cannot be read and incidents not be kept, and still it is said,
//! once. Redis remembers that it was said; where that is away too, the process does.

use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::monitoring::{Incident, IncidentState, RuleId, Severity};
use nest_haus_domain::notifications::Value;
use sqlx::{ConnectOptions, Connection, PgConnection};
use uuid::Uuid;

use super::incidents::{self, About};
use crate::notifications::{AlertMail, send_directly};
use crate::platform::App;

/// Since when PostgreSQL is out of reach, as it was told.
const TOLD: &str = "outage:postgresql";

/// That it was told not long ago.
const COOLING: &str = "outage:postgresql:cooling";

/// What the incident is about.
const SUBJECT: &str = "postgresql";

/// Time that a connection gets to show whether the database answers.
const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(3);

/// Tells everybody in the configuration that PostgreSQL is out of reach, unless they know.
pub async fn tell_of_outage(app: &App, now: DateTime<Utc>) {
    // A pool without a free connection is no outage.
    if answers(app).await {
        return;
    }
    let is_first = note(app, now).await.unwrap_or_else(|error| {
        tracing::warn!(?error, "redis does not answer either");
        app.outage_told.swap(true, Ordering::Relaxed).eq(&false)
    });
    if !is_first {
        return;
    }
    tracing::error!("postgresql is out of reach");
    if !send_directly(app, mail(now), Uuid::now_v7()).await {
        tracing::error!("nobody could be told that postgresql is out of reach");
        app.outage_told.store(false, Ordering::Relaxed);
        forget_noted(app).await;
    }
}

async fn answers(app: &App) -> bool {
    let options = app.db.connect_options();
    let connect = async {
        let mut connection = options.connect().await?;
        connection.ping().await?;
        connection.close().await
    };
    tokio::time::timeout(CONNECT_TIMEOUT, connect).await.is_ok_and(|answered| answered.is_ok())
}

/// Notes the outage; false if it is noted already, or there was one not long ago.
async fn note(app: &App, now: DateTime<Utc>) -> Result<bool, crate::platform::RedisFailure> {
    let mut set = redis::cmd("SET");
    set.arg(app.redis.key(TOLD)).arg(now.timestamp_millis()).arg("NX");
    let noted: Option<String> = app.redis.query_twice(&set).await?;
    let mut exists = redis::cmd("EXISTS");
    exists.arg(app.redis.key(COOLING));
    let is_cooling: bool = app.redis.query_twice(&exists).await?;
    Ok(noted.is_some() && !is_cooling)
}

async fn forget_noted(app: &App) {
    let mut delete = redis::cmd("DEL");
    delete.arg(app.redis.key(TOLD));
    if let Err(error) = app.redis.query_twice::<i64>(&delete).await {
        tracing::warn!(?error, "an outage stays noted");
    }
}

fn mail(now: DateTime<Utc>) -> AlertMail {
    AlertMail {
        title: RuleId::Dependency.title(),
        severity: Severity::Critical.as_str().to_owned(),
        subject: Some(SUBJECT.to_owned()),
        value: Value::Count(1),
        threshold: Value::Count(0),
        detail: Vec::new(),
        started_at: now,
        resolved_at: None,
        path: "/admin/alerts".to_owned(),
    }
}

/// Since when PostgreSQL was out of reach, if that was noted and is not kept yet.
pub(super) async fn told_of(app: &App) -> Option<DateTime<Utc>> {
    let mut get = redis::cmd("GET");
    get.arg(app.redis.key(TOLD));
    let millis = app.redis.query_twice::<Option<i64>>(&get).await.ok()??;
    DateTime::from_timestamp_millis(millis)
}

/// When PostgreSQL was last back from being out of reach, in which time no job could run: now, if that
/// outage is not kept yet.
pub async fn database_back_at(
    app: &App,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    if told_of(app).await.is_some() {
        return Ok(Some(now));
    }
    let last = sqlx::query_scalar!(
        "SELECT max(resolved_at) FROM alerts WHERE rule = $1 AND subject = $2",
        RuleId::Dependency.as_str(),
        SUBJECT
    );
    last.fetch_one(&app.db).await
}

/// Keeps an outage as an incident that is over; with the one before, if that was not long ago. Keeping it
/// again changes nothing.
pub(super) async fn keep(
    db: &mut PgConnection,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let key = (RuleId::Dependency, SUBJECT.to_owned());
    let settings = RuleId::Dependency.defaults();
    let before = incidents::latest(&mut *db, now).await?.remove(&key);
    let before = before.filter(|before| {
        before.incident.resolved_at.is_some_and(|at| at >= since - settings.cool_down)
    });
    let (id, incident) = match before {
        Some(before) if before.incident.started_at >= since => return Ok(()),
        Some(before) => {
            let (id, incident) = (before.id, before.incident);
            let reopened = incident.reopened + i32::from(incident.resolved_at < Some(since));
            (id, Incident { resolved_at: Some(now), reopened, measured_at: now, ..incident })
        }
        None => (Uuid::now_v7(), over(since, now)),
    };
    let about = About {
        severity: settings.severity.as_str(),
        threshold: settings.threshold,
        detail: None,
        notified_at: Some(since),
    };
    incidents::write(db, &key, (id, &incident), &about).await
}

fn over(since: DateTime<Utc>, now: DateTime<Utc>) -> Incident {
    Incident {
        state: IncidentState::Resolved,
        started_at: since,
        resolved_at: Some(now),
        is_acknowledged: false,
        reopened: 0,
        value: 0.0,
        count: 1,
        peak: 1.0,
        calm: 0,
        measured_at: now,
    }
}

/// Forgets an outage that is kept, and remembers for a while that there was one.
pub(super) async fn forget(app: &App) {
    app.outage_told.store(false, Ordering::Relaxed);
    let cool_down: TimeDelta = RuleId::Dependency.defaults().cool_down;
    let mut set = redis::cmd("SET");
    set.arg(app.redis.key(COOLING)).arg(1).arg("EX").arg(cool_down.num_seconds());
    if let Err(error) = app.redis.query_twice::<String>(&set).await {
        tracing::warn!(?error, "an outage may be told of again soon");
    }
    forget_noted(app).await;
}
