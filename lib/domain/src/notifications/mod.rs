//! Messages to administrators: which there are, in which language, and when one is sent again.

mod language;
mod retry;
mod value;

pub use language::{Language, Texts};
pub use retry::{GIVEN_UP_AFTER, retry_at};
pub use value::{Line, Value};

use serde::{Deserialize, Serialize};

/// What a message is about, as far as one can choose whether to get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = NotificationKind))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something is wrong.
    Alert,
    /// What was wrong is over.
    AlertResolved,
    /// The report of a week.
    WeeklyReport,
    /// The report of a month.
    MonthlyReport,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] =
        [Self::Alert, Self::AlertResolved, Self::WeeklyReport, Self::MonthlyReport];

    /// The name in SQL and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::AlertResolved => "alert_resolved",
            Self::WeeklyReport => "weekly_report",
            Self::MonthlyReport => "monthly_report",
        }
    }

    /// Whether owners and administrators who chose nothing get it.
    #[must_use]
    pub const fn is_on_by_default(self) -> bool {
        match self {
            Self::Alert | Self::WeeklyReport | Self::MonthlyReport => true,
            Self::AlertResolved => false,
        }
    }
}
