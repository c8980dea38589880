//! Reports that are made once a day, a week or a month and kept as they were: of periods that are over, by
//! the same functions that live reports are made by (definitions b0.8).

pub mod content;
pub mod lines;
pub mod list;
mod mail;
mod making;
mod store;

use chrono::TimeDelta;
use nest_haus_domain::analytics::Interval;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use making::{
    MadeReports, daily_summary, monthly_revenue_conversion, weekly_customer_behaviour,
};

use crate::analytics::by_name::ReportName;

/// What a kept report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The day before: headline numbers, the funnel, top configurations, data quality.
    DailySummary,
    /// The week before: how visitors behaved.
    WeeklyCustomerBehaviour,
    /// The month before: revenue and conversion.
    MonthlyRevenueConversion,
}

/// A part of a kept report: the answer of a live report to a question about the period.
struct Section {
    /// Its name in the report.
    name: &'static str,
    report: ReportName,
    /// What is asked besides the period.
    query: &'static str,
    /// How much is asked about, up to the end of the period, where that is not the period.
    length: Option<TimeDelta>,
}

impl Section {
    const fn of(name: &'static str, report: ReportName, query: &'static str) -> Self {
        Self { name, report, query, length: None }
    }
}

const DAILY: &[Section] = &[
    Section::of("overview", ReportName::Overview, "interval=hour"),
    Section::of("conversionFunnel", ReportName::ConversionFunnel, ""),
    Section::of("popularConfigs", ReportName::PopularConfigs, "limit=10"),
    Section::of("dataQuality", ReportName::DataQuality, ""),
];

const WEEKLY: &[Section] = &[
    Section::of("overview", ReportName::Overview, "interval=day"),
    Section::of("channels", ReportName::Attribution, "by=channel&conversion=micro"),
    Section::of("dropoff", ReportName::Dropoff, "conversion=micro"),
    Section::of("journeys", ReportName::Journeys, "depth=4&limit=8"),
    Section::of("friction", ReportName::Heatmap, ""),
    Section {
        // Whoever came in the week itself had no time to come back.
        length: Some(TimeDelta::days(56)),
        ..Section::of("retention", ReportName::Retention, "interval=week&periods=8")
    },
    Section::of("popularConfigs", ReportName::PopularConfigs, "limit=10"),
];

const MONTHLY: &[Section] = &[
    Section::of("overview", ReportName::Overview, "interval=day"),
    Section::of("attribution", ReportName::Attribution, "by=channel&conversion=macro"),
    Section::of("popularConfigs", ReportName::PopularConfigs, "limit=10&basis=ordered"),
    Section::of("priceDistribution", ReportName::PriceDistribution, ""),
];

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] =
        [Self::DailySummary, Self::WeeklyCustomerBehaviour, Self::MonthlyRevenueConversion];

    /// The name, which is that of the job that makes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DailySummary => "daily-summary",
            Self::WeeklyCustomerBehaviour => "weekly-customer-behaviour",
            Self::MonthlyRevenueConversion => "monthly-revenue-conversion",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    const fn interval(self) -> Interval {
        match self {
            Self::DailySummary => Interval::Day,
            Self::WeeklyCustomerBehaviour => Interval::Week,
            Self::MonthlyRevenueConversion => Interval::Month,
        }
    }

    const fn sections(self) -> &'static [Section] {
        match self {
            Self::DailySummary => DAILY,
            Self::WeeklyCustomerBehaviour => WEEKLY,
            Self::MonthlyRevenueConversion => MONTHLY,
        }
    }
}
