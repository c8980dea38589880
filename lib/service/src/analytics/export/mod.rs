//! Reports as files. A file is made of the answer that the report's own endpoint gives, so that no
//! number can differ.

pub mod table;

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::uri::InvalidUri;
use axum::http::{HeaderValue, Uri, header};
use axum::response::Response;
use futures::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use self::table::Table;
use super::by_name::{Asker, Comparing, ReportName};
use super::range::RangeQuery;
use crate::accounts::{May, ReadAnalytics, record};
use crate::http::{Context, FieldError, Problem, ProblemDocument, parameters};
use crate::platform::begin;

/// Most rows of a workbook, which is made as a whole.
const XLSX_ROWS_MAX: usize = 100_000;

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
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// The report.
    #[param(inline)]
    report: ReportName,
    /// The kind of file.
    #[param(inline)]
    format: FileFormat,
}

/// A report as a file. It takes the parameters of the report besides `report` and `format`, but for those
/// of a comparison.
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
    let mut tx = begin(&cx.app.db).await?;
    let detail = json!({"format": format, "query": parts.uri.query()});
    record(&mut tx, &may.actor, ("report.export", &name), &detail, cx.now).await?;
    tx.commit().await?;
    let file_name = format!("{name}-{}.{}", cx.now.format("%Y-%m-%d"), format.extension());
    // Rows say nothing of another period, so that none is asked for, nor read.
    let asker = Asker { cx, may, report, comparing: Comparing::Never };
    let source = Source { asker, parts };
    let content = source.content(format).await?;
    let mut response = Response::new(content);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{file_name}\""));
    if let Ok(disposition) = disposition {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// A part of a report's rows, and where the next part begins.
struct Page {
    rows: Vec<Value>,
    meta: Value,
    next: Option<String>,
}

/// Where the rows of a file come from.
struct Source {
    asker: Asker,
    parts: Parts,
}

impl Source {
    async fn content(self, format: FileFormat) -> Result<Body, Problem> {
        let first = self.page(None).await?;
        match format {
            FileFormat::Xlsx => self.workbook(first).await,
            FileFormat::Csv => {
                let columns = Table::of(&first.rows).columns().to_vec();
                let write = move |rows: &[Value], is_first| Table::of(rows).csv(&columns, is_first);
                Ok(self.stream(first, write))
            }
            FileFormat::Ndjson => Ok(self.stream(first, |rows, _| lines(rows))),
        }
    }

    async fn workbook(&self, first: Page) -> Result<Body, Problem> {
        let Page { mut rows, meta, mut next } = first;
        while let Some(cursor) = next {
            let page = self.page(Some(cursor)).await?;
            rows.extend(page.rows);
            next = page.next;
            if rows.len() > XLSX_ROWS_MAX {
                let message = "a workbook holds 100,000 rows at most: take csv or ndjson";
                return Err(Problem::field(FieldError::new("format", "invalid", message)));
            }
        }
        let book = Table::of(&rows).xlsx(&meta);
        book.map(Body::from).map_err(|error| Problem::Internal(error.into()))
    }

    /// A body that is made page by page while it is sent. Where a page cannot be had the body breaks
    /// off, which the receiver notices.
    fn stream(
        self,
        first: Page,
        write: impl Fn(&[Value], bool) -> io::Result<Vec<u8>> + Send + Sync + 'static,
    ) -> Body {
        let state = Some((self, first, true));
        let write = Arc::new(write);
        Body::from_stream(stream::try_unfold(state, move |state| {
            let write = write.clone();
            async move {
                let Some((source, page, is_first)) = state else { return Ok(None) };
                let bytes = Bytes::from(write(&page.rows, is_first)?);
                let next = match page.next {
                    Some(cursor) => {
                        let page = source.page(Some(cursor)).await.map_err(io::Error::other)?;
                        Some((source, page, false))
                    }
                    None => None,
                };
                Ok::<_, io::Error>(Some((bytes, next)))
            }
        }))
    }

    /// A page of the report's own endpoint.
    async fn page(&self, cursor: Option<String>) -> Result<Page, Problem> {
        let mut parts = self.parts.clone();
        parts.uri = own_address(&parts.uri, cursor.as_deref())?;
        let answer = self.asker.answer(&mut parts).await?;
        let rows = self.asker.report.rows(&answer);
        let next = answer["nextCursor"].as_str().map(str::to_owned);
        Ok(Page { rows, meta: answer["meta"].clone(), next })
    }
}

/// The address that the report itself would be asked by.
fn own_address(uri: &Uri, cursor: Option<&str>) -> Result<Uri, Problem> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let replaced = name == "cursor" && cursor.is_some();
        if name != "report" && name != "format" && !replaced {
            query.append_pair(&name, &value);
        }
    }
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor);
    }
    let address = format!("{}?{}", uri.path(), query.finish());
    address.parse().map_err(|error: InvalidUri| Problem::Internal(error.into()))
}

fn lines(rows: &[Value]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, row)?;
        text.push(b'\n');
    }
    Ok(text)
}
