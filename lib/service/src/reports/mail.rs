//! Mails about kept reports, for the administrators who subscribed to them.

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::notifications::{self, Value};
use sqlx::PgTransaction;
use uuid::Uuid;

use super::Kind;
use super::lines::{Line, Unit, lines};
use super::store::NewReport;
use crate::notifications::{Days, ReportMail, queue_report};
use crate::platform::App;

/// The mail about a report, with the key that names it among all mails: there is one about it.
fn report_mail(id: Uuid, new: &NewReport) -> (String, ReportMail) {
    let day = |at: DateTime<Utc>| {
        let label = new.zone.label(at);
        label.get(..10).and_then(|day| day.parse().ok()).unwrap_or_else(|| at.date_naive())
    };
    let (first, last) = (day(new.period.from), day(new.period.to - TimeDelta::microseconds(1)));
    let (german, english) = match new.kind {
        Kind::DailySummary => ("Tagesbericht", "Daily summary"),
        Kind::WeeklyCustomerBehaviour => ("Kundenverhalten der Woche", "Customer behaviour"),
        Kind::MonthlyRevenueConversion => {
            ("Umsatz und Konversion des Monats", "Revenue and conversion")
        }
    };
    let mail = ReportMail {
        title_de: german.to_owned(),
        title_en: english.to_owned(),
        period: Days { first, last },
        lines: lines(new.kind, &new.report).iter().map(told).collect(),
        path: format!("/api/admin/reports/content?id={id}"),
    };
    (format!("{}:{first}", new.kind.as_str()), mail)
}

/// A headline as a line of a mail.
fn told(line: &Line) -> notifications::Line {
    let value = line.value.map_or(Value::Unknown, |number| value(line.unit, number));
    notifications::Line::new(&line.german, &line.english, value)
}

#[expect(clippy::cast_possible_truncation, reason = "counts and cents stay far below 2^52")]
fn value(unit: Unit, number: f64) -> Value {
    match unit {
        Unit::Count => Value::Count(number as i64),
        Unit::Share => Value::Share(number),
        Unit::Cents => Value::Cents(number as i64),
        Unit::Milliseconds => Value::Milliseconds(number),
    }
}

/// Queues the mail about a report that was just made, in the transaction that keeps it: it is mailed
/// exactly if it is kept. Reports of a kind that nobody can subscribe to are not mailed.
pub(super) async fn mail_report(
    app: &App,
    tx: &mut PgTransaction<'_>,
    (id, new): (Uuid, &NewReport),
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let kind = match new.kind {
        Kind::DailySummary => return Ok(()),
        Kind::WeeklyCustomerBehaviour => notifications::Kind::WeeklyReport,
        Kind::MonthlyRevenueConversion => notifications::Kind::MonthlyReport,
    };
    let (key, mail) = report_mail(id, new);
    queue_report(app, tx, (kind, &key), &mail, now).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nest_haus_domain::analytics::{Period, Zone};
    use serde_json::json;

    #[test]
    fn a_mail_names_the_days_of_the_zone_that_the_report_is_of() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let new = NewReport {
            kind: Kind::WeeklyCustomerBehaviour,
            period: Period { from: at("2026-11-22T23:00:00Z"), to: at("2026-11-29T23:00:00Z") },
            zone: Zone::of_name("Europe/Vienna").unwrap(),
            report: json!({}),
        };
        let (key, mail) = report_mail(Uuid::nil(), &new);
        let days = [mail.period.first, mail.period.last].map(|day| day.to_string());
        assert_eq!(days, ["2026-11-23", "2026-11-29"]);
        assert_eq!(key, "weekly-customer-behaviour:2026-11-23");
    }
}
