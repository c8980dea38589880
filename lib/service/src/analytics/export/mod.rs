//! Reports as files. A file is made of the answer that the report's own endpoint gives, so that no
//! number can differ.

mod table;

use std::collections::VecDeque;
use std::io;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use self::table::Table;
use super::range::{Asked, RangeQuery};
use super::{data_quality, overview, popular};
use crate::accounts::{May, ReadAnalytics, record};
use crate::http::{Context, Problem, ProblemDocument, parameters};

/// Rows of one part of a file.
const ROWS_PER_PART: usize = 500;

/// The reports that there are as files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReportName {
    /// A row for each part of the period.
    Overview,
    /// A row for each configuration.
    PopularConfigs,
    /// A row for each tab's ledger, or the one of all.
    DataQuality,
}

/// The kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileFormat {
    /// Comma-separated values, UTF-8, nested fields as columns.
    Csv,
    /// A workbook of Excel.
    Xlsx,
    /// A JSON object a line.
    Ndjson,
}

impl FileFormat {
    const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Ndjson => "ndjson",
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

/// Which report, as which file. All other parameters are those of the report.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ExportQuery {
    /// The report.
    report: ReportName,
    /// The kind of file.
    format: FileFormat,
}

/// A report as a file. It takes the parameters of the report besides `report` and `format`.
#[utoipa::path(
    get, path = "/api/admin/analytics/export", tag = "analytics",
    params(ExportQuery, RangeQuery), security(("admin" = [])),
    responses(
        (status = 200, description = "The file.", content(
            (String = "text/csv"), (String = "application/x-ndjson"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
        (status = 422, description = "Unknown report, format or parameter.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn export(
    cx: Context,
    may: May<ReadAnalytics>,
    parts: Parts,
) -> Result<Response, Problem> {
    let ExportQuery { report, format } = parameters(&parts)?;
    let name = json!(report).as_str().unwrap_or_default().to_owned();
    let mut tx = cx.app.db.begin().await?;
    let detail = json!({"format": format, "query": parts.uri.query()});
    record(&mut tx, &may.actor, ("report.export", &name), &detail, cx.now).await?;
    tx.commit().await?;
    let file_name = format!("{name}-{}.{}", cx.now.format("%Y-%m-%d"), format.extension());
    let content = content(&cx, may, &parts, (report, format)).await?;
    let mut response = Response::new(content);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{file_name}\""));
    if let Ok(disposition) = disposition {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

async fn content(
    cx: &Context,
    may: May<ReadAnalytics>,
    parts: &Parts,
    (report, format): (ReportName, FileFormat),
) -> Result<Body, Problem> {
    let answer = answer(cx, may, parts, report).await?;
    let rows = answer.pointer(rows_of(report)).cloned().unwrap_or_default();
    let rows = match rows {
        Value::Array(rows) => rows,
        one => vec![one],
    };
    match format {
        FileFormat::Xlsx => {
            let book = Table::of(&rows).xlsx(&answer["meta"]);
            book.map(Body::from).map_err(|error| Problem::Internal(error.into()))
        }
        FileFormat::Csv => {
            let columns = Table::of(&rows).columns().to_vec();
            Ok(in_parts(rows, move |rows, is_first| Table::of(rows).csv(&columns, is_first)))
        }
        FileFormat::Ndjson => Ok(in_parts(rows, |rows, _| lines(rows))),
    }
}

/// The answer of a report's own endpoint.
async fn answer(
    cx: &Context,
    may: May<ReadAnalytics>,
    parts: &Parts,
    report: ReportName,
) -> Result<Value, Problem> {
    let cx = cx.clone();
    Ok(match report {
        ReportName::Overview => {
            let asked = Asked::within(parts, cx.now, &export_parameters())?;
            json!(overview::overview(cx, may, asked).await?.0)
        }
        ReportName::PopularConfigs => {
            let asked = Asked::within(parts, cx.now, &export_parameters())?;
            popular::popular_configs(cx, may, asked).await?.0
        }
        ReportName::DataQuality => {
            let asked = Asked::within(parts, cx.now, &export_parameters())?;
            json!(data_quality::data_quality(cx, may, asked).await?.0)
        }
    })
}

/// Where the rows of a report stand in its answer.
const fn rows_of(report: ReportName) -> &'static str {
    match report {
        ReportName::Overview => "/series",
        ReportName::PopularConfigs => "/configurations",
        ReportName::DataQuality => "/ledger",
    }
}

fn export_parameters() -> Vec<utoipa::openapi::path::Parameter> {
    ExportQuery::into_params(|| None)
}

/// A body that is made part by part while it is sent.
fn in_parts(
    rows: Vec<Value>,
    write: impl Fn(&[Value], bool) -> io::Result<Vec<u8>> + Send + 'static,
) -> Body {
    let mut is_first = true;
    let parts: VecDeque<Vec<Value>> = if rows.is_empty() {
        VecDeque::from([Vec::new()])
    } else {
        rows.chunks(ROWS_PER_PART).map(<[Value]>::to_vec).collect()
    };
    Body::from_stream(stream::iter(parts).map(move |rows| {
        let written = write(&rows, is_first).map(Bytes::from);
        is_first = false;
        written
    }))
}

fn lines(rows: &[Value]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, row)?;
        text.push(b'\n');
    }
    Ok(text)
}
