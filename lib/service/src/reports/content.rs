//! One kept report: as it is, or as a file.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::store::{self, KeptReport};
use super::{Kind, lines};
use crate::accounts::{May, ReadAnalytics, record};
use crate::analytics::export::table::Table;
use crate::http::{Context, FieldError, FreeObject, Only, Problem, ProblemDocument};
use crate::platform::begin;

/// How a report is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContentFormat {
    /// The whole report.
    #[default]
    Json,
    /// Its headlines or one section, as comma-separated values.
    Csv,
    /// Its headlines or one section, as a workbook of Excel.
    Xlsx,
}

/// Which report, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContentQuery {
    /// The report's id.
    id: Uuid,
    /// `json` (default), `csv` or `xlsx`.
    #[serde(default)]
    #[param(inline, value_type = Option<ContentFormat>)]
    format: ContentFormat,
    /// The section that a file is of, by its name in the report; its headlines, if left out.
    section: Option<String>,
}

/// A kept report: what its live reports said when its period was over.
#[utoipa::path(
    get, path = "/api/admin/reports/content", tag = "analytics", params(ContentQuery),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The report.", content(
            (FreeObject = "application/json"), (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 404, description = "There is no such report.", body = ProblemDocument),
        (status = 422, description = "Unknown id, format or section.", body = ProblemDocument),
    )
)]
pub async fn report_content(
    cx: Context,
    may: May<ReadAnalytics>,
    Only(query): Only<ContentQuery>,
) -> Result<Response, Problem> {
    let kept = store::find(&cx.app, query.id).await?.ok_or(Problem::NotFound("report"))?;
    if query.format == ContentFormat::Json {
        return Ok(Json(kept.report).into_response());
    }
    let table = Table::of(&rows(&kept, query.section.as_deref())?);
    let mut tx = begin(&cx.app.db).await?;
    let detail = json!({"id": query.id, "format": query.format, "section": query.section});
    record(&mut tx, &may.actor, ("report.export", kept.kind.as_str()), &detail, cx.now).await?;
    tx.commit().await?;
    let (bytes, content_type, extension) = match query.format {
        ContentFormat::Xlsx => {
            let book = table.xlsx(&kept.report["meta"]);
            let book = book.map_err(|error| Problem::Internal(error.into()))?;
            (book, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
        }
        ContentFormat::Csv | ContentFormat::Json => {
            let text = table.csv(table.columns(), true);
            let text = text.map_err(|error| Problem::Internal(error.into()))?;
            (text, "text/csv; charset=utf-8", "csv")
        }
    };
    let day = kept.from.format("%Y-%m-%d");
    let file = format!("attachment; filename=\"{}-{day}.{extension}\"", kept.kind.as_str());
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(file) = HeaderValue::from_str(&file) {
        headers.insert(header::CONTENT_DISPOSITION, file);
    }
    Ok(response)
}

/// The rows of a file: of a section, or the headlines.
fn rows(kept: &KeptReport, section: Option<&str>) -> Result<Vec<Value>, Problem> {
    let Some(name) = section else {
        return Ok(lines::lines(kept.kind, &kept.report).iter().map(|line| json!(line)).collect());
    };
    let sections = kept.kind.sections();
    let Some(section) = sections.iter().find(|section| section.name == name) else {
        let message = format!("must be {}", names(kept.kind).join(", "));
        return Err(Problem::field(FieldError::new("section", "invalid", message)));
    };
    let answer = kept.report.get(section.name).unwrap_or(&Value::Null);
    Ok(section.report.rows(answer))
}

fn names(kind: Kind) -> Vec<&'static str> {
    kind.sections().iter().map(|section| section.name).collect()
}
