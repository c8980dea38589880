//! Request bodies: JSON under any content type, bounded in size, depth and numbers, free of NUL.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;

use super::limits::{BODY_BYTES_MAX, JSON_DEPTH_MAX, JSON_NUMBER_MAX};
use super::problem::{FieldError, Problem};

/// A JSON body. Beacons send it as `text/plain`, so the content type does not matter; an empty
/// body is `null`.
pub struct Body(pub Value);

impl<S: Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = bounded_bytes(request).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Value::Null));
        }
        json(&bytes).map(Self)
    }
}

/// A body of any kind, bounded in size, with its content type in lower case and without parameters.
pub struct Upload {
    /// The body.
    pub bytes: Bytes,
    /// `application/json` for example; empty where the request does not say.
    pub content_type: String,
}

impl<S: Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let header = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = header.and_then(|value| value.split(';').next()).unwrap_or_default();
        let content_type = content_type.trim().to_ascii_lowercase();
        Ok(Self { bytes: bounded_bytes(request).await?, content_type })
    }
}

impl Upload {
    /// The body as JSON.
    pub fn json(&self) -> Result<Value, Problem> {
        json(&self.bytes)
    }
}

fn json(bytes: &[u8]) -> Result<Value, Problem> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        Problem::Malformed(vec![FieldError::new("body", "malformed", error.to_string())])
    })?;
    guard(&value).map_err(Problem::field)?;
    Ok(value)
}

async fn bounded_bytes(request: Request) -> Result<Bytes, Problem> {
    match Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            Err(Problem::TooLarge(BODY_BYTES_MAX))
        }
        Err(_) => {
            let message = "the body ended early";
            Err(Problem::Malformed(vec![FieldError::new("body", "malformed", message)]))
        }
    }
}

/// Refuses JSON that is nested too deep, has a NUL character, which PostgreSQL cannot store, or a
/// number beyond ±1e300.
pub fn guard(value: &Value) -> Result<(), FieldError> {
    guard_at(value, &mut String::from("body"), 0)
}

fn guard_at(value: &Value, path: &mut String, depth: usize) -> Result<(), FieldError> {
    if depth > JSON_DEPTH_MAX {
        let message = format!("nested deeper than {JSON_DEPTH_MAX} levels");
        return Err(FieldError::new(path.clone(), "too_deep", message));
    }
    let nul = |text: &str| text.contains('\0');
    let here = path.len();
    match value {
        Value::Number(number) if number.as_f64().is_some_and(|x| x.abs() > JSON_NUMBER_MAX) => {
            let message =
                format!("numbers must be from -{JSON_NUMBER_MAX:e} to {JSON_NUMBER_MAX:e}");
            Err(FieldError::new(path.clone(), "out_of_range", message))
        }
        Value::String(text) if nul(text) => {
            Err(FieldError::new(path.clone(), "nul", "a NUL character is not allowed"))
        }
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            path.push('[');
            path.push_str(&index.to_string());
            path.push(']');
            guard_at(item, path, depth + 1)?;
            path.truncate(here);
            Ok(())
        }),
        Value::Object(map) => map.iter().try_for_each(|(key, item)| {
            if nul(key) {
                let message = "a NUL character is not allowed in a key";
                return Err(FieldError::new(path.clone(), "nul", message));
            }
            path.push('.');
            path.push_str(key);
            guard_at(item, path, depth + 1)?;
            path.truncate(here);
            Ok(())
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn nested(depth: usize) -> Value {
        (0..depth).fold(json!(1), |inner, _| json!([inner]))
    }

    #[test]
    fn depth_is_bounded() {
        assert!(guard(&nested(JSON_DEPTH_MAX)).is_ok());
        assert_eq!(guard(&nested(JSON_DEPTH_MAX + 1)).unwrap_err().code, "too_deep");
    }

    #[test]
    fn a_number_is_bounded_wherever_it_stands() {
        assert!(guard(&json!([1e300, -1e300, 5e-324, i64::MIN, u64::MAX])).is_ok());
        let error = guard(&json!({"a": [0, f64::MAX]})).unwrap_err();
        assert_eq!((error.code, error.field.as_str()), ("out_of_range", "body.a[1]"));
        assert!(guard(&json!(-1.1e300)).unwrap_err().message.contains("from -1e300 to 1e300"));
    }

    #[test]
    fn a_nul_is_found_and_its_place_named() {
        let error = guard(&json!({"events": [{"a": "fine"}, {"b": "x\0y"}]})).unwrap_err();
        assert_eq!((error.code, error.field.as_str()), ("nul", "body.events[1].b"));
        assert_eq!(guard(&json!({"a\0": 1})).unwrap_err().code, "nul");
    }
}
