//! Making the reports that are due.

use std::time::Instant;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use nest_haus_domain::analytics::{Period, closed_periods, due_periods};
use nest_haus_domain::tracking::Kind as Stream;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::mail::mail_report;
use super::store::{self, NewReport};
use super::{Kind, Section};
use crate::analytics::{by_name, visits};
use crate::http::Problem;
use crate::operations::Run;
use crate::platform::{App, begin};
use crate::queue;
use crate::tracking::drain::drain;

/// Periods that are made up for, the last one among them.
const PERIODS_MAX: usize = 12;

/// Share of a run's time after which no further report is begun.
const BUDGET_SHARE: f64 = 0.6;

/// What a kept report says about itself.
const NOTE: &str =
    "made once, when the period was over: events that came later are in live reports";

/// What a job that makes reports did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MadeReports {
    /// Reports that were made, each with the first instant of its period.
    made: Vec<DateTime<Utc>>,
    /// Whether there was time for all that were due.
    complete: bool,
}

/// Events of the period still wait to be stored or counted, so that the report would lack them.
#[derive(Debug, thiserror::Error)]
#[error("events of before {0} still wait to be stored or counted")]
struct Unfinished(DateTime<Utc>);

/// The job that keeps a summary of the day before.
pub async fn daily_summary(run: Run) -> Result<MadeReports, Problem> {
    make_due(run, Kind::DailySummary).await
}

/// The job that keeps a report of how visitors behaved in the week before.
pub async fn weekly_customer_behaviour(run: Run) -> Result<MadeReports, Problem> {
    make_due(run, Kind::WeeklyCustomerBehaviour).await
}

/// The job that keeps a report of revenue and conversion in the month before.
pub async fn monthly_revenue_conversion(run: Run) -> Result<MadeReports, Problem> {
    make_due(run, Kind::MonthlyRevenueConversion).await
}

/// Makes the reports of a kind that are due, the earliest first, each in a transaction of its own.
async fn make_due(run: Run, kind: Kind) -> Result<MadeReports, Problem> {
    let started = Instant::now();
    let zone = run.app.config.report_time_zone;
    let last_made_to = store::last_made_to(&run.app, kind).await?;
    let closed = closed_periods(kind.interval(), zone, run.now, PERIODS_MAX);
    let due = due_periods(&closed, last_made_to);
    if let Some(last) = due.last() {
        finish(&run, last.to).await?;
    }
    let mut made = Vec::new();
    for period in due {
        if started.elapsed() > run.budget.mul_f64(BUDGET_SHARE) {
            return Ok(MadeReports { made, complete: false });
        }
        if make(&run, kind, *period).await? {
            made.push(period.from);
        }
    }
    Ok(MadeReports { made, complete: true })
}

/// Stores and counts what was received before an instant. Fails where something of it is left: a report
/// is made once, so that it waits rather than lack events.
async fn finish(run: &Run, before: DateTime<Utc>) -> Result<(), Problem> {
    for stream in Stream::ALL {
        drain(&run.app, stream, run.budget / 6).await?;
    }
    let projected = visits::project(&run.app, run.budget / 3).await?;
    let queues = queue::status(&run.app).await?;
    let waiting = queues.iter().filter_map(|(_, status)| status.oldest_at).min();
    if projected.complete && waiting.is_none_or(|oldest| oldest >= before) {
        Ok(())
    } else {
        Err(Problem::Unavailable(Unfinished(before).into()))
    }
}

/// Makes the report of a period and keeps it; false if it is there already.
async fn make(run: &Run, kind: Kind, period: Period) -> Result<bool, Problem> {
    let app = &run.app;
    let report = compose(app, kind, period, run.now).await?;
    let new = NewReport { kind, period, zone: app.config.report_time_zone, report };
    let mut tx = begin(&app.db).await?;
    let Some(id) = store::keep(&mut tx, &new, run.now).await? else { return Ok(false) };
    mail_report(app, &mut tx, (id, &new), run.now).await?;
    tx.commit().await?;
    Ok(true)
}

/// The sections of a report and what it says about itself.
async fn compose(
    app: &App,
    kind: Kind,
    period: Period,
    now: DateTime<Utc>,
) -> Result<Value, Problem> {
    let zone = app.config.report_time_zone;
    let meta = json!({"kind": kind, "from": period.from, "to": period.to, "tz": zone.name(),
        "madeAt": now, "note": NOTE});
    let mut report = Map::from_iter([("meta".to_owned(), meta)]);
    for section in kind.sections() {
        let query = question(section, period, zone.name());
        let answer = by_name::report(app, (section.report, &query), now).await?;
        report.insert(section.name.to_owned(), answer);
    }
    Ok(Value::Object(report))
}

/// What the live report of a section is asked.
fn question(section: &Section, period: Period, tz: &str) -> String {
    let at = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let from = section.length.map_or(period.from, |length: TimeDelta| period.to - length);
    let mut query = form_urlencoded::Serializer::new(section.query.to_owned());
    query.append_pair("timeRange", "custom").append_pair("from", &at(from));
    query.append_pair("to", &at(period.to)).append_pair("tz", tz).finish()
}
