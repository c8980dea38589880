//! Query strings, refused like every other input.

use std::fmt::Display;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use utoipa::openapi::path::Parameter;

use super::problem::{FieldError, Problem};

/// The parameters of a query string. Those that it does not know are left unread.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parameters(parts).map(Self)
    }
}

/// The parameters of a query string. Those that it does not know are refused.
pub struct Only<T>(pub T);

impl<T: DeserializeOwned + IntoParams, S: Send + Sync> FromRequestParts<S> for Only<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        refuse_unknown(parts, &[T::into_params(|| None)])?;
        parameters(parts).map(Self)
    }
}

/// How many of something a parameter asks for, or `default` where it is left out; refused by its name if it
/// is not 1 to `max`.
pub fn how_many<N>(name: &str, asked: Option<N>, default: N, max: N) -> Result<N, Problem>
where
    N: Copy + PartialOrd + From<u8> + Display,
{
    let wanted = asked.unwrap_or(default);
    if (N::from(1)..=max).contains(&wanted) {
        return Ok(wanted);
    }
    Err(Problem::field(FieldError::new(name, "invalid", format!("must be 1 to {max}"))))
}

/// Reads parameters from a query string.
pub fn parameters<T: DeserializeOwned>(parts: &Parts) -> Result<T, Problem> {
    let read = axum::extract::Query::<T>::try_from_uri(&parts.uri);
    read.map(|query| query.0)
        .map_err(|error| Problem::field(FieldError::new("query", "invalid", error.body_text())))
}

/// Refuses parameters that are not among some described ones, and says which are.
pub fn refuse_unknown(parts: &Parts, described: &[Vec<Parameter>]) -> Result<(), Problem> {
    let known: Vec<&str> =
        described.iter().flatten().map(|parameter| parameter.name.as_str()).collect();
    let allowed = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let unknown = names(&parts.uri)?.into_iter().filter(|name| !known.contains(&name.as_str()));
    let errors: Vec<FieldError> = unknown
        .map(|name| {
            FieldError::new(name, "unknown", format!("no such parameter; there are {allowed}"))
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::Invalid(errors)) }
}

fn names(uri: &Uri) -> Result<Vec<String>, Problem> {
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
    pairs
        .map(|pairs| pairs.0.into_iter().map(|(name, _)| name).collect())
        .map_err(|error| Problem::field(FieldError::new("query", "invalid", error.body_text())))
}
