//! A request as it is written down: one JSON object a line.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A request, with the moment at which the server gets it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// When it arrives.
    pub at: DateTime<Utc>,
    /// The HTTP method.
    pub method: String,
    /// The path, from `/api/`.
    pub path: String,
    /// Headers by their lower-case names, the content type excepted, which is always JSON.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Value,
}

impl Request {
    /// A request that posts JSON.
    #[must_use]
    pub fn post(at: DateTime<Utc>, path: &str, body: Value) -> Self {
        let (method, path) = ("POST".to_owned(), path.to_owned());
        Self { at, method, path, headers: BTreeMap::new(), body }
    }

    /// The same request at another moment. Its `sentAt` moves along, so that the server derives the
    /// times that the events had: `occurred_at = received_at - (sentAt - clientTs)`.
    #[must_use]
    pub fn moved_to(mut self, at: DateTime<Utc>) -> Self {
        let moved_ms = (at - self.at).num_milliseconds();
        if let Some(sent_at) = self.body.get_mut("sentAt")
            && let Some(millis) = sent_at.as_i64()
        {
            *sent_at = json!(millis + moved_ms);
        }
        self.at = at;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn a_moved_request_was_sent_later_but_its_events_are_where_they_were() {
        let at = DateTime::from_timestamp_millis(1_000_000).unwrap();
        let body = json!({"sentAt": 999_000, "events": [{"clientTs": 900_000}]});
        let moved = Request::post(at, "/x", body).moved_to(at + TimeDelta::milliseconds(500));
        assert_eq!(moved.at, at + TimeDelta::milliseconds(500));
        assert_eq!(moved.body, json!({"sentAt": 999_500, "events": [{"clientTs": 900_000}]}));
    }
}
