//! The cron functions: one a job, all alike.

use axum::Json;
use axum::response::{IntoResponse, Response};

use super::{AlertsReport, Job, PerformanceReport, start};
use crate::analytics::popular::RefreshReport;
use crate::analytics::visits::ProjectionReport;
use crate::data_retention::RetentionReport;
use crate::http::{Context, Cron, Problem, ProblemDocument};
use crate::notifications::DeliveryReport;
use crate::operations::{JobReport, PartitionsReport, Trigger};
use crate::reports::MadeReports;
use crate::tracking::drain::DrainReport;

macro_rules! cron_function {
    ($(#[$doc:meta])* $handler:ident, $path:literal, $report:ty) => {
        $(#[$doc])*
        #[utoipa::path(
            get, path = $path, tag = "cron", security(("cron" = [])),
            responses(
                (status = 200, description = "What the job did.", body = JobReport<$report>),
                (status = 401, description = "Not the platform's cron.", body = ProblemDocument),
                (status = 503, description = "Something it needs is out of reach; nothing is lost.", body = ProblemDocument),
            )
        )]
        pub async fn $handler(cx: Context, _: Cron) -> Result<Response, Problem> {
            called(&cx, $path).await
        }
    };
}

cron_function!(
    /// Drains configurations and facts about sessions.
    sync_configurations, "/api/cron/sync-configurations", DrainReport
);
cron_function!(
    /// Drains clicks, selections and visits.
    sync_interactions, "/api/cron/sync-interactions", DrainReport
);
cron_function!(
    /// Drains performance measurements.
    sync_performance, "/api/cron/sync-performance", DrainReport
);
cron_function!(
    /// Makes the reports of popular configurations, those first that were made longest ago.
    popular_configurations, "/api/cron/popular-configurations", RefreshReport
);
cron_function!(
    /// Brings visits and their roll-ups up to date, and restates the days that late events changed. Each
    /// drain does the same after its answer; this is for what they had no time for.
    aggregate_daily, "/api/cron/aggregate-daily", ProjectionReport
);

cron_function!(
    /// Evaluates the rules of alerts, keeps and tells of what is wrong.
    evaluate_alerts, "/api/cron/evaluate-alerts", AlertsReport
);
cron_function!(
    /// Sends messages to administrators that are due.
    send_notifications, "/api/cron/send-notifications", DeliveryReport
);
cron_function!(
    /// Makes the monthly partitions of the tables of events ahead of time.
    partitions, "/api/cron/partitions", PartitionsReport
);
cron_function!(
    /// Removes what is older than its class is kept.
    run_retention, "/api/cron/retention", RetentionReport
);

cron_function!(
    /// Makes the summary of the day before and keeps it; days that were missed, too.
    daily_summary, "/api/cron/daily-summary", MadeReports
);
cron_function!(
    /// Makes the report of how visitors behaved in the week before, keeps it, and mails it.
    weekly_customer_behaviour, "/api/cron/weekly-customer-behaviour", MadeReports
);
cron_function!(
    /// Makes the report of revenue and conversion in the month before, keeps it, and mails it.
    monthly_revenue_conversion, "/api/cron/monthly-revenue-conversion", MadeReports
);
cron_function!(
    /// Makes the hours of measurements anew that changed, those that the system took of itself too.
    performance_rollup, "/api/cron/performance-rollup", PerformanceReport
);

/// Runs the job whose function has this path, and hands on what is to be done after the answer.
async fn called(cx: &Context, path: &str) -> Result<Response, Problem> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let job = Job::of_name(name).ok_or(Problem::NotFound("job"))?;
    let report = start(&cx.app, job, &Trigger::Cron, cx.app.config.job_budget).await?;
    let mut response = Json(report).into_response();
    if let Some(work) = &job.then {
        work.clone().attach(&mut response);
    }
    Ok(response)
}
