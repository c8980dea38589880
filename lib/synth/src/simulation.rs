//! The simulation: sessions one after another, in the order of their begin.

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::configurator::{Catalogue, PriceList};
use nest_haus_domain::tracking::{
    Consent, Entry, InvalidId, Metric, Payload, SessionFact, SessionId, TabId, Trigger,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::behaviour::{
    BOUNCES, CHANNELS, COMPLETES, CONFIGURES, ENDS_SILENTLY, MEASURES, PAYS, PUTS_INTO_CART,
    RESUMES, VITALS,
};
use crate::book::{CONFIGURATOR, ORDER_BUTTON};
use crate::configuring::{CART_LOOK, House};
use crate::dice::Dice;
use crate::plan::{Start, starts};
use crate::tab::Tab;
use crate::transmission::Transmission;
use crate::truth::Truth;
use crate::visitor::{Channel, INTERNAL_SESSION_PREFIX, Sort, Visitor};

/// What is simulated. Two simulations of one scenario are the same to the bit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scenario {
    /// Number of sessions.
    pub sessions: u32,
    /// What all chance follows from.
    pub seed: u64,
    /// No session begins before.
    pub from: DateTime<Utc>,
    /// No session begins within the last four hours before, and nothing happens after.
    pub until: DateTime<Utc>,
}

impl Scenario {
    /// The days before a moment.
    #[must_use]
    pub fn of_days(sessions: u32, seed: u64, days: u32, until: DateTime<Utc>) -> Self {
        Self { sessions, seed, from: until - TimeDelta::days(i64::from(days)), until }
    }
}

/// Why nothing can be simulated.
#[derive(Debug, thiserror::Error)]
pub enum NoSimulation {
    /// The first catalogue is not one.
    #[error("the catalogue cannot be read")]
    Catalogue(#[from] serde_json::Error),
    /// The first catalogue has faults.
    #[error("the catalogue has faults")]
    Faults,
}

/// Money that came in for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The payment provider's reference.
    pub payment_id: String,
    /// The order.
    pub order_id: String,
    /// The session that it came from.
    pub session_id: SessionId,
    /// When it was paid.
    pub paid_at: DateTime<Utc>,
    /// Euro cents.
    pub amount_cents: i64,
}

impl Payment {
    /// What `POST /api/admin/payments` takes.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({
            "paymentId": self.payment_id,
            "orderId": self.order_id,
            "kind": "captured",
            "sessionId": self.session_id,
            "amountCents": self.amount_cents,
            "currency": "EUR",
            "paidAt": self.paid_at,
        })
    }
}

/// One session, as the server gets to know of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// The browser's session id.
    pub id: SessionId,
    /// Everything that was sent, in the order of arrival.
    pub transmissions: Vec<Transmission>,
    /// The payment, if the visitor ordered.
    pub payment: Option<Payment>,
}

impl Session {
    /// What the server makes of everything that was sent.
    #[must_use]
    pub fn entries(self) -> Vec<Entry> {
        self.transmissions.into_iter().map(Transmission::entry).collect()
    }
}

/// Makes sessions, and counts what is true of them.
pub struct Simulation {
    scenario: Scenario,
    list: PriceList,
    starts: std::iter::Enumerate<std::vec::IntoIter<Start>>,
    truth: Truth,
}

impl Simulation {
    /// A simulation at its begin. Prices are those of the catalogue that a new database has.
    pub fn new(scenario: Scenario) -> Result<Self, NoSimulation> {
        let document = serde_json::from_str(Catalogue::FIRST)?;
        let catalogue = Catalogue::new(document).map_err(|_| NoSimulation::Faults)?;
        let list = PriceList { version: 1, effective_from: DateTime::UNIX_EPOCH, catalogue };
        let starts = starts(&scenario).into_iter().enumerate();
        Ok(Self { truth: Truth::new(scenario.clone(), &list.catalogue), scenario, list, starts })
    }

    /// What is simulated.
    #[must_use]
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// What is true of the sessions that were made.
    #[must_use]
    pub fn into_truth(mut self) -> Truth {
        self.truth.count_visitors();
        self.truth
    }

    fn session(&mut self, number: usize, start: Start) -> Result<Session, InvalidId> {
        let (visitor, _) = Visitor::new(self.scenario.seed, start.visitor);
        let mut dice = Dice::new(self.scenario.seed, number as u64 * 2 + 1);
        let begin = DateTime::from_timestamp_millis(start.at_ms).unwrap_or_default();
        let prefix = if visitor.sort == Sort::Staff { INTERNAL_SESSION_PREFIX } else { "client_" };
        let id = SessionId::try_from(format!("{prefix}{}_{number:07x}", start.at_ms))?;
        let tab_id = TabId::try_from(hex::encode(dice.bits::<6>()))?;
        let span = (begin, self.scenario.until);
        let mut tab = Tab::new(&visitor, &mut dice, (id.clone(), tab_id), span);
        tab.silent = tab.dice.chance(ENDS_SILENTLY);
        let payment = match visitor.sort {
            Sort::Robot => {
                crawl(&mut tab);
                None
            }
            Sort::Human | Sort::Staff => act_human(&mut tab, &self.list),
        };
        let Tab { book, sent: mut transmissions, .. } = tab;
        transmissions.sort_by_key(|transmission| transmission.arrival);
        self.truth.add(&visitor, &book);
        Ok(Session { id, transmissions, payment })
    }
}

impl Iterator for Simulation {
    type Item = Session;

    fn next(&mut self) -> Option<Session> {
        let (number, start) = self.starts.next()?;
        self.session(number, start).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.starts.size_hint()
    }
}

impl ExactSizeIterator for Simulation {}

/// Pages of the site beside the configurator and the cart.
const PAGES: [(&str, u32); 6] = [
    ("/", 10),
    ("/hoam", 6),
    ("/hoam-system", 5),
    ("/warum-wir", 4),
    ("/konzept-check", 4),
    ("/kontakt", 2),
];

/// A robot opens page after page, at exact intervals, and does nothing there.
fn crawl(tab: &mut Tab<'_>) {
    tab.open("/", Some(Channel::Direct));
    for _ in 0..tab.dice.whole(1, 5) {
        tab.now += TimeDelta::seconds(2);
        let page = tab.dice.pick(&PAGES);
        tab.open(page, None);
    }
    tab.flush();
}

/// A person looks around, perhaps configures, and perhaps comes back; answers what they paid.
fn act_human(tab: &mut Tab<'_>, list: &PriceList) -> Option<Payment> {
    let channel = tab.dice.pick(&CHANNELS);
    let page = tab.dice.pick(&PAGES);
    tab.open(page, Some(channel));
    if tab.dice.chance(BOUNCES) {
        bounce(tab);
        return None;
    }
    // A measurement that arrives after a refusal is refused, however early it was taken.
    if tab.visitor.consent != Some(false) {
        measure(tab);
    }
    answer_consent(tab);
    read_page(tab);
    for _ in 0..tab.dice.whole(1, 3) {
        tab.leave();
        let page = tab.dice.pick(&PAGES);
        tab.open(page, None);
        read_page(tab);
    }
    let payment = if tab.dice.chance(CONFIGURES) { visit_configurator(tab, list) } else { None };
    tab.end();
    if tab.dice.chance(RESUMES) && tab.book.consent != Some(false) {
        resume(tab);
    }
    payment
}

/// Looks at one page for a few seconds and is gone.
fn bounce(tab: &mut Tab<'_>) {
    tab.silent = true;
    let seconds = tab.dice.whole(1, 9);
    tab.wait(TimeDelta::seconds(seconds));
    tab.end();
}

/// Comes back to the same tab by a link in a mail, after a pause that ends the visit before.
fn resume(tab: &mut Tab<'_>) {
    let minutes = tab.dice.whole(31, 90);
    tab.now += TimeDelta::minutes(minutes);
    tab.open("/konzept-check", Some(Channel::Email));
    read_page(tab);
    tab.leave();
    tab.open("/kontakt", None);
    tab.dwell();
    tab.end();
}

fn measure(tab: &mut Tab<'_>) {
    if !tab.dice.chance(MEASURES) {
        return;
    }
    let metric = |(name, median, sigma): (&str, f64, f64)| Metric {
        name: name.to_owned(),
        value: (tab.dice.log_normal(median, sigma) * 1000.0).round() / 1000.0,
        endpoint: None,
        additional_data: Some(json!({"navigationType": "navigate"})),
    };
    let metrics = VITALS.map(metric).into();
    tab.measure(metrics);
}

/// Answers the question for consent, after looking at the page long enough not to have bounced.
fn answer_consent(tab: &mut Tab<'_>) {
    let Some(agrees) = tab.visitor.consent else { return };
    tab.wait(TimeDelta::seconds(12));
    tab.report_engagement();
    tab.flush();
    tab.book.consent = Some(agrees);
    let consent = Consent { analytics: agrees, marketing: agrees, functional: true };
    tab.tell(Payload::Fact(SessionFact::Consent(consent)));
    tab.now += TimeDelta::milliseconds(1);
}

fn read_page(tab: &mut Tab<'_>) {
    const ELEMENTS: [(&str, u32); 5] = [
        ("hero-cta", 5),
        ("nav-konfigurator", 3),
        ("accordion-energie", 2),
        ("gallery-next", 4),
        ("footer-kontakt", 1),
    ];
    tab.dwell();
    if tab.dice.chance(0.6) {
        tab.scroll();
        tab.dwell();
    }
    if tab.dice.chance(0.5) {
        let element = tab.dice.pick(&ELEMENTS);
        tab.click(element);
        tab.wait(TimeDelta::seconds(1));
    }
}

/// Configures a house; answers what was paid for it in the end.
fn visit_configurator(tab: &mut Tab<'_>, list: &PriceList) -> Option<Payment> {
    tab.leave();
    tab.open(CONFIGURATOR, None);
    let mut house = House::preselected(list);
    let finished = house.configure(tab);
    let chose = !tab.book.price_jumps.is_empty();
    if !(finished && chose && tab.dice.chance(PUTS_INTO_CART)) {
        return None;
    }
    tab.leave();
    tab.open("/warenkorb", None);
    tab.wait(TimeDelta::seconds(1));
    house.send(tab, Trigger::CartAdd);
    tab.wait(CART_LOOK);
    tab.click(ORDER_BUTTON);
    if !tab.dice.chance(COMPLETES) {
        return None;
    }
    tab.wait(CART_LOOK);
    house.send(tab, Trigger::OrderAttempt);
    if tab.dice.chance(PAYS) { Some(pay(tab)) } else { None }
}

/// Pays the concept check.
fn pay(tab: &mut Tab<'_>) -> Payment {
    const DEPOSIT_CENTS: i64 = 150_000;
    tab.wait(CART_LOOK);
    let reference = hex::encode(tab.dice.bits::<8>());
    let payment = Payment {
        payment_id: format!("pi_{reference}"),
        order_id: format!("order_{reference}"),
        session_id: tab.session_id().clone(),
        paid_at: tab.now,
        amount_cents: DEPOSIT_CENTS,
    };
    tab.book.note_order(payment.amount_cents, payment.paid_at);
    tab.tell(Payload::Fact(SessionFact::Converted {
        payment_intent_id: Some(payment.payment_id.clone()),
        total_price_cents: Some(payment.amount_cents),
    }));
    payment
}
