//! The tracker in a visitor's browser tab: it numbers events, collects, sends, loses and repeats.

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::tracking::{
    Event, EventId, IdSource, Interaction, Kind, Metric, Payload, SequenceNumber, SequenceReport,
    SessionId, TabId,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::behaviour::{
    BATCH, DWELL, DWELL_MAX, ENGAGED_MAX, ENGAGEMENT_EVERY, LOST, OFFLINE, SENT_TWICE, VISIT_MAX,
};
use crate::book::Book;
use crate::dice::Dice;
use crate::transmission::Transmission;
use crate::visitor::{Channel, Visitor};

/// The version of the page's layout that clicks are noted with.
const LAYOUT: &str = "2026-09";

/// A tab of a session, at a moment of it.
pub(crate) struct Tab<'a> {
    pub(crate) visitor: &'a Visitor,
    pub(crate) dice: &'a mut Dice,
    pub(crate) book: Book,
    pub(crate) now: DateTime<Utc>,
    pub(crate) sent: Vec<Transmission>,
    /// The session ends without the tracker hearing of it.
    pub(crate) silent: bool,
    session_id: SessionId,
    id: TabId,
    until: DateTime<Utc>,
    /// How much later than sent everything arrives.
    delay: TimeDelta,
    numbered: i64,
    waiting: Vec<Event>,
    page: &'static str,
    page_since: DateTime<Utc>,
    /// Engaged time not reported yet.
    engaged: TimeDelta,
}

impl<'a> Tab<'a> {
    pub(crate) fn new(
        visitor: &'a Visitor,
        dice: &'a mut Dice,
        (session_id, id): (SessionId, TabId),
        (now, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Self {
        let offline = dice.chance(OFFLINE);
        let hours = dice.duration(TimeDelta::hours(3), 0.8).min(TimeDelta::days(3));
        Self {
            visitor,
            book: Book::default(),
            now,
            sent: Vec::new(),
            silent: false,
            session_id,
            id,
            until,
            delay: if offline { hours } else { TimeDelta::zero() },
            numbered: 0,
            waiting: Vec::new(),
            page: "/",
            page_since: now,
            engaged: TimeDelta::zero(),
            dice,
        }
    }

    /// The session.
    pub(crate) fn session_id(&self) -> &SessionId {
        &self.session_id
    }

    /// Whether the visit should come to its end.
    pub(crate) fn is_long(&self) -> bool {
        self.book.visits.last().is_some_and(|visit| self.now - visit.started_at > VISIT_MAX)
    }

    /// Lets time go by, as long as people look at something.
    pub(crate) fn dwell(&mut self) -> TimeDelta {
        let (median, sigma) = DWELL;
        let dwell = self.dice.duration(median, sigma).min(DWELL_MAX);
        self.wait(dwell);
        dwell
    }

    /// Lets some time go by, engaged.
    pub(crate) fn wait(&mut self, time: TimeDelta) {
        self.now += time;
        self.engaged += time.min(ENGAGED_MAX);
    }

    /// Opens a page: the first one of a visit says where the visitor came from.
    pub(crate) fn open(&mut self, page: &'static str, arriving: Option<Channel>) {
        let mut data = json!({"layoutVersion": LAYOUT});
        if let Some(channel) = arriving {
            self.book.begin_visit(channel, self.now);
            merge(&mut data, channel.touch());
        }
        (self.page, self.page_since) = (page, self.now);
        let view = interaction("page_visit", "navigation");
        let device = Some(self.visitor.device.clone());
        let selection_value = Some(page.to_owned());
        self.act(Interaction { device, selection_value, additional_data: Some(data), ..view });
    }

    /// Leaves the page for another one of the site, or altogether.
    pub(crate) fn leave(&mut self) {
        self.report_engagement();
        let spent = self.now - self.page_since;
        let view = interaction("page_visit", "navigation");
        self.act(Interaction {
            selection_value: Some(self.page.to_owned()),
            time_spent_ms: Some(spent.num_milliseconds()),
            ..view
        });
        self.flush();
    }

    /// Ends the visit.
    pub(crate) fn end(&mut self) {
        if self.silent {
            self.report_engagement();
            self.flush();
        } else {
            self.leave();
        }
        self.engaged = TimeDelta::zero();
    }

    /// Clicks at an element of the page.
    pub(crate) fn click(&mut self, element: &str) {
        let (x, y) = (self.dice.share(), self.dice.share());
        let position = json!({
            "x": rounded(x),
            "y": rounded(y),
            "clientX": self.dice.whole(0, i64::from(self.visitor.device.width.unwrap_or(0))),
            "clientY": self.dice.whole(0, i64::from(self.visitor.device.height.unwrap_or(0))),
            "page": self.page,
            "layoutVersion": LAYOUT,
        });
        let element_id = Some(element.to_owned());
        let click = interaction("click", "button");
        self.act_losing(Interaction { element_id, additional_data: Some(position), ..click });
    }

    /// Scrolls the page.
    pub(crate) fn scroll(&mut self) {
        let depth = self.dice.whole(1, 4) * 25;
        let data = Some(json!({"depth": depth, "page": self.page}));
        self.act_losing(Interaction { additional_data: data, ..interaction("scroll", "content") });
    }

    /// Does something that the network may lose.
    fn act_losing(&mut self, interaction: Interaction) {
        if self.dice.chance(LOST) && self.book.consent != Some(false) {
            self.report_due_engagement();
            self.next_number();
            self.book.events.lost += 1;
        } else {
            self.act(interaction);
        }
    }

    /// Does something, after reporting engaged time where that is due.
    pub(crate) fn act(&mut self, interaction: Interaction) {
        self.report_due_engagement();
        self.collect(interaction);
    }

    fn report_due_engagement(&mut self) {
        if self.silent || self.engaged >= ENGAGEMENT_EVERY {
            self.report_engagement();
        }
    }

    /// Reports engaged time since the last report.
    pub(crate) fn report_engagement(&mut self) {
        let engaged = std::mem::take(&mut self.engaged);
        if engaged > TimeDelta::zero() {
            self.collect(Interaction {
                selection_value: Some(self.page.to_owned()),
                time_spent_ms: Some(engaged.num_milliseconds()),
                interactive: false,
                ..interaction("engagement", "navigation")
            });
        }
    }

    /// Takes an interaction into the next batch, unless the tracker heeds a refusal of consent.
    fn collect(&mut self, interaction: Interaction) {
        let refused = self.book.consent == Some(false);
        if refused && !self.visitor.ignores_refusal {
            return;
        }
        let event = self.event(Payload::Interaction(interaction));
        if refused {
            self.book.events.rejected += 1;
        } else {
            self.book.note(&event);
        }
        self.waiting.push(event);
        if self.waiting.len() >= BATCH {
            self.flush();
        }
    }

    /// Sends what was collected.
    pub(crate) fn flush(&mut self) {
        if !self.waiting.is_empty() {
            let events = std::mem::take(&mut self.waiting);
            self.send(Kind::Interactions, events);
        }
    }

    /// Sends a snapshot or a fact at once, alone.
    pub(crate) fn tell(&mut self, payload: Payload) {
        self.report_due_engagement();
        let event = self.event(payload);
        self.book.note(&event);
        self.send(Kind::Configurations, vec![event]);
    }

    /// Sends measurements.
    pub(crate) fn measure(&mut self, metrics: Vec<Metric>) {
        let events: Vec<Event> =
            metrics.into_iter().map(|metric| self.event(Payload::Metric(metric))).collect();
        for event in &events {
            self.book.note(event);
        }
        self.send(Kind::Metrics, events);
    }

    fn next_number(&mut self) -> Option<SequenceNumber> {
        self.book.events.emitted += 1;
        self.numbered += 1;
        SequenceNumber::try_from(self.numbered).ok()
    }

    fn event(&mut self, payload: Payload) -> Event {
        let seq = self.next_number();
        let identified = self.book.consent == Some(true);
        self.book.identified |= identified;
        Event {
            index: 0,
            id: self.event_id(),
            id_source: IdSource::Client,
            session_id: Some(self.session_id.clone()),
            tab_id: Some(self.id.clone()),
            seq,
            occurred_at: self.now,
            late: false,
            visitor_id: identified.then(|| self.visitor.id()),
            payload,
        }
    }

    /// An id that the client makes up, by its own clock.
    fn event_id(&mut self) -> EventId {
        let index = u16::from_be_bytes(self.dice.bits());
        EventId::from_server(self.visitor.clock(self.now), index, self.dice.bits())
    }

    fn send(&mut self, kind: Kind, mut events: Vec<Event>) {
        for (index, event) in events.iter_mut().enumerate() {
            event.index = index;
        }
        // What is repeated after a refusal of consent is refused, whether it was stored before or not.
        let twice = self.visitor.consent != Some(false) && self.dice.chance(SENT_TWICE);
        let count = events.len();
        let arrival = (self.now + self.delay).min(self.until).max(self.now);
        let transmission = Transmission {
            id: self.entry_id(),
            arrival,
            kind,
            context: self.visitor.context(self.page),
            clock_ahead: self.visitor.clock_ahead,
            sequences: if kind == Kind::Configurations { Vec::new() } else { self.report() },
            events,
        };
        if twice {
            let again = arrival + TimeDelta::seconds(2);
            self.book.events.duplicated += count as u64;
            let id = self.entry_id();
            self.sent.push(Transmission { id, arrival: again, ..transmission.clone() });
        }
        self.sent.push(transmission);
    }

    fn entry_id(&mut self) -> Uuid {
        let millis = u64::try_from(self.now.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.dice.bits()).into_uuid()
    }

    fn report(&self) -> Vec<SequenceReport> {
        vec![SequenceReport {
            session_id: self.session_id.clone(),
            tab_id: self.id.clone(),
            emitted: self.numbered,
            dropped_local: std::collections::BTreeMap::new(),
        }]
    }
}

/// An interaction that says no more than what it is.
pub(crate) fn interaction(event_type: &str, category: &str) -> Interaction {
    Interaction {
        event_type: event_type.to_owned(),
        category: category.to_owned(),
        element_id: None,
        selection_value: None,
        previous_value: None,
        time_spent_ms: None,
        device: None,
        total_price_cents: None,
        price_change_cents: None,
        interactive: true,
        additional_data: None,
    }
}

/// A share with three digits.
fn rounded(share: f64) -> f64 {
    (share * 1000.0).round() / 1000.0
}

fn merge(data: &mut Value, more: Value) {
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
}
