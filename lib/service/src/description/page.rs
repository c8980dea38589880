//! The page that shows the OpenAPI document, with everything that it loads.
//!
//! Its script and its style come with a crate at a fixed version, so that the page needs no other
//! server; its policy forbids inline code.

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_swagger_ui::Config;

use crate::http::{Context, PAGE_HEADERS, Problem, Query, etag, unless_known};

/// How long a browser keeps the page and its files without asking again.
const CACHE_CONTROL: &str = "public, max-age=3600";

/// Which part of the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DocsQuery {
    /// A file that the page loads; the page itself if left out.
    #[param(inline)]
    file: Option<PageFile>,
}

/// A file that the page loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub(super) enum PageFile {
    /// Swagger UI.
    #[serde(rename = "swagger-ui-bundle.js")]
    Script,
    /// Its style.
    #[serde(rename = "swagger-ui.css")]
    Style,
    /// What starts it.
    #[serde(rename = "start.js")]
    Start,
}

impl PageFile {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Script | Self::Start => "text/javascript; charset=utf-8",
            Self::Style => "text/css; charset=utf-8",
        }
    }

    fn content(self) -> Result<Cow<'static, str>, Problem> {
        match self {
            Self::Script => shipped("swagger-ui-bundle.js"),
            Self::Style => shipped("swagger-ui.css"),
            Self::Start => Ok(include_str!("start.js").into()),
        }
    }
}

/// A file of Swagger UI.
fn shipped(name: &str) -> Result<Cow<'static, str>, Problem> {
    let file = utoipa_swagger_ui::serve(name, Arc::new(Config::default()));
    let file = file.map_err(|error| Problem::Internal(error.to_string().into()))?;
    let file = file.ok_or(Problem::NotFound("file"))?;
    Ok(match file.bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
    })
}

/// A page that shows this description, and sends requests by hand.
///
/// Opened in a browser it lists all operations. `file` is for the page's own use.
#[utoipa::path(
    get, path = "/api/docs", tag = "operations", params(DocsQuery),
    responses(
        (status = 200, description = "The page, or a file of it.", content(
            (String = "text/html"),
            (String = "text/javascript"),
            (String = "text/css"),
        )),
        (status = 304, description = "As the client has it."),
    )
)]
pub async fn docs(cx: Context, Query(query): Query<DocsQuery>) -> Result<Response, Problem> {
    let (media_type, content) = match query.file {
        Some(file) => (file.media_type(), file.content()?),
        None => ("text/html; charset=utf-8", include_str!("page.html").into()),
    };
    let tag = etag(&content);
    let mut response = unless_known(&cx.caller, &tag, CACHE_CONTROL, || {
        ([(header::CONTENT_TYPE, media_type)], content).into_response()
    });
    for (name, value) in PAGE_HEADERS {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(response)
}
