//! The registry of jobs: what each is called, when it is due, and what it does. Each is a cron function,
//! can be run by hand, and is run after an answer where its cron is late.
//!
//! A job may run at any time and any number of times: what it did already it does not do again. That
//! holds by what it works on (a stream's position, a report's period), not by its schedule.

pub mod admin;
mod alerts;
pub mod cron;
mod overdue;
mod running;

use chrono::TimeDelta;
use futures::future::BoxFuture;
use nest_haus_domain::operations::{BadSchedule, Schedule};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

pub use alerts::AlertsReport;
pub use overdue::{JobState, is_time_to_look, run_overdue, states};
pub use running::start;

use crate::analytics::counts::{self, PerformanceRollup};
use crate::analytics::{popular, visits};
use crate::data_retention;
use crate::http::Problem;
use crate::monitoring::{self, RollUpReport, flags::publish_flags};
use crate::notifications;
use crate::operations::{self, Run};
use crate::platform::{App, CronPlan};
use crate::reports;
use crate::tracking::drain::{self, DrainReport};
use crate::work::Work;

/// Work that is done regularly.
pub struct Job {
    /// Its name, which is also that of its cron function.
    pub name: &'static str,
    /// What it does, for a person.
    pub summary: &'static str,
    /// When it is due, as cron writes it, in UTC.
    pub schedule: &'static str,
    work: fn(Run) -> BoxFuture<'static, Result<Value, Problem>>,
    /// What follows a good run.
    pub then: Option<Work>,
    /// What is done where a run cannot begin since the database is out of reach.
    on_outage: Option<fn(App) -> BoxFuture<'static, ()>>,
}

/// How late a job may be where the platform's cron runs at the minute.
const GRACE_FREQUENT: TimeDelta = TimeDelta::minutes(10);

/// The same where it runs once a day, at any minute of its hour.
const GRACE_DAILY: TimeDelta = TimeDelta::hours(2);

impl Job {
    /// When the platform's cron calls it: as it is due, or once a day at the hour of its place in [`ALL`].
    pub fn schedule_by(&self, plan: CronPlan) -> Result<Schedule, BadSchedule> {
        match plan {
            CronPlan::Frequent => self.schedule.parse(),
            CronPlan::Daily => daily_schedule(self.name).parse(),
        }
    }

    /// The job of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|job| job.name == name)
    }
}

/// How long after it was due a job counts as missed.
#[must_use]
pub const fn grace(plan: CronPlan) -> TimeDelta {
    match plan {
        CronPlan::Frequent => GRACE_FREQUENT,
        CronPlan::Daily => GRACE_DAILY,
    }
}

/// When a job is called where cron may run once a day only.
#[must_use]
pub fn daily_schedule(name: &str) -> String {
    let hour = ALL.iter().position(|job| job.name == name).unwrap_or(0) % 24;
    format!("0 {hour} * * *")
}

/// The work of a job as a function pointer: its report as JSON.
macro_rules! work {
    ($work:path) => {
        |run| {
            Box::pin(async move {
                let report = $work(run).await?;
                Ok(serde_json::to_value(report)?)
            })
        }
    };
}

/// Drains measurements, those that the system took of itself too; and tells Redis again which tracking is
/// off, in case it lost that.
async fn sync_performance(run: Run) -> Result<DrainReport, Problem> {
    if let Err(error) = publish_flags(&run.app).await {
        tracing::warn!(?error, "flags not published");
    }
    if let Err(error) = monitoring::drain_recordings(&run.app, run.budget).await {
        tracing::warn!(?error, "recordings not drained");
    }
    drain::sync_performance(run).await
}

/// What was rolled up of measurements.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PerformanceReport {
    /// Of measurements that browsers took.
    browsers: PerformanceRollup,
    /// Of those that the system took of itself.
    system: RollUpReport,
}

/// Brings the hours of all measurements up to date.
async fn performance_rollup(run: Run) -> Result<PerformanceReport, Problem> {
    let system = monitoring::roll_up_recordings(&run.app, run.now).await?;
    Ok(PerformanceReport { browsers: counts::performance_rollup(run).await?, system })
}

/// Every job, in the order in which late ones are caught up with.
pub const ALL: &[Job] = &[
    Job {
        name: "sync-configurations",
        summary: "drains configurations and facts about sessions",
        schedule: "*/2 * * * *",
        work: work!(drain::sync_configurations),
        then: Some(Work::Project),
        on_outage: None,
    },
    Job {
        name: "sync-interactions",
        summary: "drains clicks, selections and visits",
        schedule: "*/5 * * * *",
        work: work!(drain::sync_interactions),
        then: Some(Work::Project),
        on_outage: None,
    },
    Job {
        name: "sync-performance",
        summary: "drains performance measurements",
        schedule: "*/5 * * * *",
        work: work!(sync_performance),
        then: Some(Work::Project),
        on_outage: None,
    },
    Job {
        name: "popular-configurations",
        summary: "makes the reports of popular configurations",
        schedule: "*/15 * * * *",
        work: work!(popular::popular_configurations),
        then: None,
        on_outage: None,
    },
    Job {
        name: "aggregate-daily",
        summary: "brings visits and roll-ups up to date, and restates days",
        schedule: "17 1 * * *",
        work: work!(visits::aggregate_daily),
        then: None,
        on_outage: None,
    },
    Job {
        name: alerts::EVALUATE,
        summary: "measures what the rules of alerts are about, and tells of what is wrong",
        schedule: "*/5 * * * *",
        work: work!(alerts::evaluate_alerts),
        then: None,
        on_outage: Some(alerts::on_outage),
    },
    Job {
        name: "send-notifications",
        summary: "sends messages to administrators that are due",
        schedule: "*/5 * * * *",
        work: work!(notifications::send_notifications),
        then: None,
        on_outage: None,
    },
    Job {
        name: "partitions",
        summary: "makes the partitions of the months ahead",
        schedule: "37 1 * * *",
        work: work!(operations::partitions),
        then: None,
        on_outage: None,
    },
    Job {
        name: "retention",
        summary: "removes what is older than it is kept",
        schedule: "27 2 * * *",
        work: work!(data_retention::retention),
        then: None,
        on_outage: None,
    },
    Job {
        name: "daily-summary",
        summary: "keeps a summary of the day before",
        schedule: "7 3 * * *",
        work: work!(reports::daily_summary),
        then: None,
        on_outage: None,
    },
    Job {
        name: "weekly-customer-behaviour",
        summary: "keeps and mails how visitors behaved in the week before",
        schedule: "7 4 * * 1",
        work: work!(reports::weekly_customer_behaviour),
        then: None,
        on_outage: None,
    },
    Job {
        name: "monthly-revenue-conversion",
        summary: "keeps and mails revenue and conversion of the month before",
        schedule: "37 4 1 * *",
        work: work!(reports::monthly_revenue_conversion),
        then: None,
        on_outage: None,
    },
    Job {
        name: "performance-rollup",
        summary: "brings the hours of measurements up to date",
        schedule: "12 * * * *",
        work: work!(performance_rollup),
        then: None,
        on_outage: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_job_has_a_name_of_its_own_and_schedules_that_can_be_read() {
        let names: BTreeSet<&str> = ALL.iter().map(|job| job.name).collect();
        assert_eq!(names.len(), ALL.len());
        for job in ALL {
            for plan in [CronPlan::Frequent, CronPlan::Daily] {
                job.schedule_by(plan).unwrap();
            }
        }
    }
}
