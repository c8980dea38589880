//! Recorded click streams of other systems, mapped to our events.
//!
//! A stream has one JSON object a line, events of a session in their order. The tracker's own
//! numbering is made up from it, so that events of the same moment keep that order and the ledger
//! accounts for all of them; consent is the first event of each session.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;

use chrono::{DateTime, Utc};
use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::request::Request;

/// Events of one request: as many as the server takes.
const EVENTS_MAX: usize = 100;

/// Why a stream cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableStream {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    File(#[from] std::io::Error),
    /// A line is no event.
    #[error("line {line} is no event")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// An event as it is recorded.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Click {
    event_id: String,
    session_id: String,
    visitor_id: Option<String>,
    event_type: String,
    category: String,
    element_id: Option<String>,
    selection_value: Option<String>,
    previous_value: Option<String>,
    timestamp: DateTime<Utc>,
    time_spent: Option<f64>,
    device_type: Option<String>,
    page: Option<Value>,
    x: Option<f64>,
    y: Option<f64>,
    price: Option<f64>,
    attributes: Option<Map<String, Value>>,
}

/// Up to 100 events, and what must be sent before them.
#[derive(Debug, Clone, PartialEq)]
pub struct Portion {
    /// Consent of the sessions that begin in this portion, in any order.
    pub consents: Vec<Request>,
    /// The events.
    pub batch: Request,
    /// How many they are.
    pub events: usize,
}

/// Reads a stream portion by portion.
pub struct Portions<R> {
    lines: std::iter::Enumerate<Lines<R>>,
    /// Events of each session so far, its consent included.
    numbered: HashMap<String, u64>,
}

/// Opens a recorded stream, compressed by gzip if its name ends in `.gz`.
pub fn open(path: &Path) -> Result<Portions<Box<dyn BufRead + Send>>, UnreadableStream> {
    let file = BufReader::new(File::open(path)?);
    let compressed = path.extension().is_some_and(|extension| extension == "gz");
    Ok(if compressed {
        Portions::new(Box::new(BufReader::new(MultiGzDecoder::new(file))))
    } else {
        Portions::new(Box::new(file))
    })
}

impl<R: BufRead> Portions<R> {
    /// The portions of a stream.
    pub fn new(stream: R) -> Self {
        Self { lines: stream.lines().enumerate(), numbered: HashMap::new() }
    }

    fn portion(&mut self) -> Result<Option<Portion>, UnreadableStream> {
        let (mut consents, mut events, mut last) = (Vec::new(), Vec::new(), None);
        while events.len() < EVENTS_MAX {
            let Some((index, line)) = self.lines.next() else { break };
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            let click: Click = serde_json::from_str(&line)
                .map_err(|source| UnreadableStream::Line { line: index + 1, source })?;
            let numbered = self.numbered.entry(click.session_id.clone()).or_insert_with(|| {
                consents.push(consent(&click));
                1
            });
            *numbered += 1;
            last = Some(click.timestamp);
            events.push(event(click, *numbered));
        }
        let Some(at) = last else { return Ok(None) };
        let count = events.len();
        let batch = Request::post(at, "/api/sessions/track-batch", json!({"events": events}));
        Ok(Some(Portion { consents, batch, events: count }))
    }
}

impl<R: BufRead> Iterator for Portions<R> {
    type Item = Result<Portion, UnreadableStream>;

    fn next(&mut self) -> Option<Self::Item> {
        self.portion().transpose()
    }
}

/// The tab that numbers imported events.
const TAB: &str = "import";

fn consent(click: &Click) -> Request {
    let body = json!({
        "sessionId": click.session_id,
        "eventId": format!("{}/consent", click.session_id),
        "tabId": TAB,
        "seq": 1,
        "clientTs": click.timestamp,
        "analyticsConsent": true,
        "marketingConsent": false,
        "functionalConsent": true,
    });
    Request::post(click.timestamp, "/api/sessions/update-consent", body)
}

fn event(click: Click, number: u64) -> Value {
    let page = click.page.map(|page| page.as_str().map_or_else(|| page.to_string(), str::to_owned));
    let more = [
        ("x", json!(click.x)),
        ("y", json!(click.y)),
        ("page", json!(page)),
        ("price", json!(click.price)),
        ("attributes", json!(click.attributes)),
    ];
    let more: Map<String, Value> = more
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    json!({
        "sessionId": click.session_id,
        "eventId": click.event_id,
        "tabId": TAB,
        "seq": number,
        "clientTs": click.timestamp,
        "visitorId": click.visitor_id,
        "eventType": click.event_type,
        "category": click.category,
        "elementId": click.element_id,
        "selectionValue": click.selection_value,
        "previousValue": click.previous_value,
        "timeSpent": click.time_spent,
        "deviceType": click.device_type,
        "additionalData": (!more.is_empty()).then_some(more),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(session: &str, number: usize) -> String {
        json!({
            "eventId": format!("{session}-{number}"), "sessionId": session, "eventType": "click",
            "category": "c", "timestamp": "2008-04-01T12:00:00.000Z", "x": 0.5, "y": 0.25, "page": 1,
        })
        .to_string()
    }

    #[test]
    fn a_stream_becomes_batches_of_a_hundred_with_consent_once_a_session() {
        let lines: Vec<String> =
            (0..150).map(|n| line(if n < 120 { "a" } else { "b" }, n)).collect();
        let portions: Vec<Portion> =
            Portions::new(lines.join("\n").as_bytes()).map(Result::unwrap).collect();
        let sizes: Vec<_> = portions.iter().map(|p| (p.consents.len(), p.events)).collect();
        assert_eq!(sizes, [(1, 100), (1, 50)]);
        let event = &portions[1].batch.body["events"][20];
        assert_eq!(event["sessionId"], "b");
        assert_eq!(event["seq"], 2);
        assert_eq!(event["additionalData"], json!({"x": 0.5, "y": 0.25, "page": "1"}));
    }

    #[test]
    fn a_line_that_is_no_event_is_named() {
        let stream = format!("{}\n\n{{}}\n", line("a", 1));
        let error = Portions::new(stream.as_bytes()).next().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "line 3 is no event");
    }
}
