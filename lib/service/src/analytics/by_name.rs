//! Any report by its name, asked as its own endpoint would ask it: for files, and for reports that are
//! kept. There is no second way to a number.

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use axum::http::uri::InvalidUri;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::range::Asked;
use super::{
    attribution, data_quality, drop_off, funnel, heatmap, journeys, overview, performance, popular,
    price_distribution, retention, sessions, user_journey,
};
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, Problem};
use crate::platform::App;

/// The reports that can be had by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReportName {
    /// A row for each part of the period.
    Overview,
    /// A row for each configuration.
    PopularConfigs,
    /// A row for each step.
    ConversionFunnel,
    /// A row for each visit.
    Sessions,
    /// A row for each event of a session.
    UserJourney,
    /// A row for each cohort.
    Retention,
    /// A row for each link from node to node.
    Journeys,
    /// A row for each page, element or layer, as asked for.
    Heatmap,
    /// A row for each bin.
    PriceDistribution,
    /// A row for each channel, source, medium or campaign.
    Attribution,
    /// A row for each step of the funnel.
    Dropoff,
    /// A row for each measurement.
    Performance,
    /// One row, the ledger.
    DataQuality,
}

impl ReportName {
    /// Where the rows of the report stand in its answer: the first of these that is there.
    const fn places(self) -> &'static [&'static str] {
        match self {
            Self::Overview => &["/series"],
            Self::PopularConfigs => &["/configurations"],
            Self::ConversionFunnel => &["/steps"],
            Self::Sessions => &["/visits"],
            Self::UserJourney => &["/rows"],
            Self::Retention => &["/cohorts"],
            Self::Journeys => &["/links"],
            Self::Heatmap => &["/layers", "/elements", "/pages"],
            Self::PriceDistribution => &["/distribution/bins"],
            Self::Attribution => &["/values"],
            Self::Dropoff => &["/levels"],
            Self::Performance => &["/metrics"],
            Self::DataQuality => &["/ledger"],
        }
    }

    /// The rows of an answer to this report.
    #[must_use]
    pub fn rows(self, answer: &Value) -> Vec<Value> {
        let found = self
            .places()
            .iter()
            .find_map(|path| answer.pointer(path).filter(|rows| !rows.is_null()).cloned());
        match found.unwrap_or_else(|| json!([])) {
            Value::Array(rows) => rows,
            one => vec![one],
        }
    }
}

/// What a report is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparing {
    /// What the question says.
    AsAsked,
    /// Nothing: parameters of a comparison are refused, and no other period is read.
    Never,
}

/// A report of the system's own about a query, at an instant.
pub async fn report(
    app: &App,
    (report, query): (ReportName, &str),
    now: DateTime<Utc>,
) -> Result<Value, Problem> {
    let uri: Uri = format!("/?{query}")
        .parse()
        .map_err(|error: InvalidUri| Problem::Internal(error.into()))?;
    let (cx, mut parts) = Context::of_system(app, uri, now);
    let asker = Asker { cx, may: May::of_system(), report, comparing: Comparing::AsAsked };
    asker.answer(&mut parts).await
}

/// Who asks which report.
pub(super) struct Asker {
    pub(super) cx: Context,
    pub(super) may: May<ReadAnalytics>,
    pub(super) report: ReportName,
    pub(super) comparing: Comparing,
}

impl Asker {
    /// The answer of the report's own endpoint to a request.
    pub(super) async fn answer(&self, parts: &mut Parts) -> Result<Value, Problem> {
        let (cx, may, app) = (self.cx.clone(), self.may.clone(), &self.cx.app);
        macro_rules! ask {
            ($report:path) => {
                json!($report(cx, may, asked(parts, app).await?).await?.0)
            };
        }
        macro_rules! ask_compared {
            ($report:path) => {
                match self.comparing {
                    Comparing::AsAsked => ask!($report),
                    Comparing::Never => {
                        let question = asked::<Asked<_>>(parts, app).await?.into();
                        json!($report(cx, may, question).await?.0)
                    }
                }
            };
        }
        Ok(match self.report {
            ReportName::Overview => ask_compared!(overview::overview),
            ReportName::PopularConfigs => ask!(popular::popular_configs),
            ReportName::ConversionFunnel => ask_compared!(funnel::conversion_funnel),
            ReportName::Sessions => ask!(sessions::list_sessions),
            ReportName::UserJourney => ask!(user_journey::user_journey),
            ReportName::Retention => ask_compared!(retention::retention),
            ReportName::Journeys => ask_compared!(journeys::journeys),
            ReportName::Heatmap => ask!(heatmap::heatmap),
            ReportName::PriceDistribution => ask_compared!(price_distribution::price_distribution),
            ReportName::Attribution => ask_compared!(attribution::attribution),
            ReportName::Dropoff => ask_compared!(drop_off::drop_off),
            ReportName::Performance => ask_compared!(performance::performance),
            ReportName::DataQuality => ask!(data_quality::data_quality),
        })
    }
}

/// What a report is asked for.
async fn asked<T>(parts: &mut Parts, app: &App) -> Result<T, Problem>
where
    T: FromRequestParts<App, Rejection = Problem>,
{
    T::from_request_parts(parts, app).await
}
