//! The one shape of every refusal and failure: `application/problem+json` (RFC 9457).

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::free::FreeObject;
use super::limits::{RateLimit, add_limits};
use crate::platform::{ConfigError, MailFailure, RedisFailure, SealingFailure};

/// How long a client should wait while the system cannot take anything.
const RETRY_UNAVAILABLE: Duration = Duration::from_secs(5);

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Path of the field, `events[3].seq` for example.
    pub field: String,
    /// Stable reason: `required`, `invalid`, `too_long`, `too_deep`, `nul`, ...
    pub code: &'static str,
    /// What was wrong and what is allowed.
    pub message: String,
}

impl FieldError {
    /// A field that is at fault.
    pub fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }

    /// A field that is missing.
    pub fn required(field: impl Into<String>) -> Self {
        let field = field.into();
        let message = format!("`{field}` is required");
        Self { field, code: "required", message }
    }

    /// The same field, named from what holds the object that it is in.
    #[must_use]
    pub fn below(self, prefix: &str) -> Self {
        let field = if prefix.is_empty() { self.field } else { format!("{prefix}.{}", self.field) };
        Self { field, ..self }
    }
}

/// Why a request was not done. `Display` is the public sentence; the cause is for the log alone.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The body is no JSON, or not of the shape that the endpoint takes.
    #[error("the request body cannot be read")]
    Malformed(Vec<FieldError>),
    /// Fields have values that are not allowed.
    #[error("fields of the request are invalid")]
    Invalid(Vec<FieldError>),
    /// No proof of who asks.
    #[error("authentication is required")]
    Unauthenticated,
    /// The password is right, and a code of the second factor is missing.
    #[error("a code of the second factor is required")]
    SecondFactorRequired,
    /// Who asks may not do this.
    #[error("this is not allowed")]
    Forbidden,
    /// Who asks lacks a permission.
    #[error("this needs the permission `{0}`")]
    NotPermitted(&'static str),
    /// There is nothing under this address or id.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The address knows other methods.
    #[error("the method is not allowed here")]
    MethodNotAllowed,
    /// The request is about a state that is no longer there.
    #[error("{sentence}")]
    Conflict {
        /// What happened, for a person.
        sentence: &'static str,
        /// What changed meanwhile, for a program.
        conflict: Value,
    },
    /// The endpoint does not take such bodies.
    #[error("the content type must be {0}")]
    UnsupportedMediaType(&'static str),
    /// The body is larger than the endpoint takes.
    #[error("the request body is larger than {0} bytes")]
    TooLarge(usize),
    /// The address asked too often.
    #[error("too many requests")]
    TooMany {
        /// Time after which asking makes sense again.
        retry_after: Duration,
        /// The limit, where it is one of requests a minute.
        limit: Option<RateLimit>,
    },
    /// The system cannot do it now; nothing of the request was kept.
    #[error("the service is unavailable for the moment, please send again later")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Mails have nowhere to go.
    #[error("mails cannot be sent: SMTP_URL is not configured")]
    MailNotConfigured,
    /// A mail was not sent; nothing of the request was kept.
    #[error("the mail could not be sent and nothing was changed, please try again later")]
    MailNotSent(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The request took longer than it may.
    #[error("the request took too long, please send again later")]
    TimedOut,
    /// A mistake of ours.
    #[error("an unexpected error occurred")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A refusal in the words that today's client knows.
    #[error("{error}")]
    Legacy {
        /// Status code.
        status: StatusCode,
        /// The old text.
        error: &'static str,
        /// The fields at fault.
        errors: Vec<FieldError>,
    },
}

impl Problem {
    /// One field is at fault.
    #[must_use]
    pub fn field(error: FieldError) -> Self {
        Self::Invalid(vec![error])
    }

    /// Too many requests of one address.
    #[must_use]
    pub const fn too_many(retry_after: Duration) -> Self {
        Self::TooMany { retry_after, limit: None }
    }

    /// The words that today's client knows for missing fields.
    #[must_use]
    pub const fn legacy(error: &'static str, errors: Vec<FieldError>) -> Self {
        Self::Legacy { status: StatusCode::BAD_REQUEST, error, errors }
    }

    /// Status and stable code.
    pub(super) const fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::SecondFactorRequired => (StatusCode::UNAUTHORIZED, "second_factor_required"),
            Self::Forbidden | Self::NotPermitted(_) => (StatusCode::FORBIDDEN, "forbidden"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::Conflict { .. } => (StatusCode::CONFLICT, "conflict"),
            Self::UnsupportedMediaType(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Self::MailNotConfigured => (StatusCode::SERVICE_UNAVAILABLE, "mail_not_configured"),
            Self::MailNotSent(_) => (StatusCode::SERVICE_UNAVAILABLE, "mail_not_sent"),
            Self::TimedOut => (StatusCode::SERVICE_UNAVAILABLE, "timed_out"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
            Self::Legacy { status, .. } => (*status, "invalid_fields"),
        }
    }

    /// The stable code.
    pub(super) const fn code(&self) -> &'static str {
        self.kind().1
    }

    fn errors(&self) -> &[FieldError] {
        match self {
            Self::Malformed(errors) | Self::Invalid(errors) | Self::Legacy { errors, .. } => errors,
            Self::Unauthenticated
            | Self::SecondFactorRequired
            | Self::Forbidden
            | Self::NotPermitted(_)
            | Self::NotFound(_)
            | Self::MethodNotAllowed
            | Self::Conflict { .. }
            | Self::UnsupportedMediaType(_)
            | Self::TooLarge(_)
            | Self::TooMany { .. }
            | Self::Unavailable(_)
            | Self::MailNotConfigured
            | Self::MailNotSent(_)
            | Self::TimedOut
            | Self::Internal(_) => &[],
        }
    }

    const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany { retry_after, .. } => Some(*retry_after),
            Self::Unavailable(_) | Self::MailNotSent(_) | Self::TimedOut => Some(RETRY_UNAVAILABLE),
            _ => None,
        }
    }

    /// The answer, without the request's id, which `dispatch` knows.
    #[must_use]
    pub fn document(&self, request_id: String) -> ProblemDocument {
        let (status, code) = self.kind();
        let title = status.canonical_reason().unwrap_or("Error");
        let sentence = self.to_string();
        let detail = match self.errors() {
            [] => sentence.clone(),
            [first, ..] => format!("{sentence}: {}", first.message),
        };
        ProblemDocument {
            r#type: format!("urn:nest-haus:problem:{code}"),
            title,
            status: status.as_u16(),
            detail,
            code,
            errors: self.errors().to_vec(),
            conflict: match self {
                Self::Conflict { conflict, .. } => Some(conflict.clone()),
                _ => None,
            },
            request_id,
            success: false,
            error: sentence,
        }
    }
}

/// The JSON of a refusal or failure.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemDocument {
    /// Names the kind of problem.
    pub r#type: String,
    /// The status in words.
    #[schema(value_type = String)]
    pub title: &'static str,
    /// The status code.
    pub status: u16,
    /// What went wrong, for a person.
    pub detail: String,
    /// What went wrong, for a program.
    #[schema(value_type = String)]
    pub code: &'static str,
    /// The fields at fault.
    pub errors: Vec<FieldError>,
    /// What changed meanwhile, where the request is about a state that is no longer there; what that is
    /// depends on the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<FreeObject>)]
    pub conflict: Option<Value>,
    /// Names this request in the logs.
    pub request_id: String,
    /// Always false; today's client reads it.
    pub success: bool,
    /// What went wrong; today's client reads it.
    pub error: String,
}

impl IntoResponse for Problem {
    /// The status and headers; `dispatch` writes the body, since it knows the request's id.
    fn into_response(self) -> Response {
        let mut response = self.kind().0.into_response();
        if let Some(wait) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs()));
        }
        if let Self::TooMany { limit: Some(limit), .. } = &self {
            add_limits(response.headers_mut(), std::slice::from_ref(limit));
        }
        if matches!(self, Self::Unauthenticated | Self::SecondFactorRequired) {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}

impl From<RedisFailure> for Problem {
    fn from(failure: RedisFailure) -> Self {
        Self::Unavailable(failure.into())
    }
}

impl From<SealingFailure> for Problem {
    fn from(failure: SealingFailure) -> Self {
        Self::Internal(failure.into())
    }
}

impl From<MailFailure> for Problem {
    fn from(failure: MailFailure) -> Self {
        match failure {
            MailFailure::NotConfigured => Self::MailNotConfigured,
            MailFailure::Address => {
                let message = "must be an e-mail address that mails can be sent to";
                Self::field(FieldError::new("email", "invalid", message))
            }
            MailFailure::Server(_) | MailFailure::Refused(_) | MailFailure::Folder(_) => {
                Self::MailNotSent(failure.into())
            }
        }
    }
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        if is_outage(&error) {
            Self::Unavailable(error.into())
        } else {
            Self::Internal(error.into())
        }
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// Whether an error says that the database is out of reach or shutting down, not that a statement
/// is wrong: connection errors and SQLSTATE classes 08 (connection), 53 (resources), 57 (operator).
#[must_use]
pub fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| ["08", "53", "57"].iter().any(|class| code.starts_with(class))),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => true,
        _ => false,
    }
}

/// A value of the body that its field does not allow, from a typed reading of it.
pub(super) fn invalid_field(
    prefix: &str,
    error: &serde_path_to_error::Error<serde_json::Error>,
) -> FieldError {
    let path = error.path().to_string();
    let field = match (prefix, path.as_str()) {
        ("", ".") => "body".to_owned(),
        ("", path) => path.to_owned(),
        (prefix, ".") => prefix.to_owned(),
        (prefix, path) => format!("{prefix}.{path}"),
    };
    FieldError::new(field, "invalid", error.inner().to_string())
}

/// Reads a typed value out of JSON that was parsed already.
pub fn read<T: serde::de::DeserializeOwned>(prefix: &str, value: &Value) -> Result<T, FieldError> {
    // Where something is wrong is found out only once something is: that takes longer than reading.
    T::deserialize(value).or_else(|_| {
        serde_path_to_error::deserialize(value).map_err(|error| invalid_field(prefix, &error))
    })
}
