//! Who visits.

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::tracking::{Device, RequestContext};
use serde::Serialize;
use serde_json::{Value, json};

use crate::behaviour::{CLOCK_WRONG, CONSENT, HIDES_LANGUAGE, IGNORES_REFUSAL, SORTS};
use crate::dice::Dice;

/// Sessions of the maker's own people begin so: what a rule for internal traffic can look for.
pub const INTERNAL_SESSION_PREFIX: &str = "staff_";

/// What a visitor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Human,
    Robot,
    Staff,
}

/// Whom a visit counts for, as the database names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// A person who may be counted.
    Eligible,
    /// A robot.
    Bot,
    /// One of the maker's own people.
    Internal,
    /// A person who refused to be analysed.
    NoConsent,
}

/// Where a session came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Direct,
    OrganicSearch,
    PaidSearch,
    OrganicSocial,
    Email,
    Referral,
}

impl Channel {
    /// The name in reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::OrganicSearch => "organic_search",
            Self::PaidSearch => "paid_search",
            Self::OrganicSocial => "organic_social",
            Self::Email => "email",
            Self::Referral => "referral",
        }
    }

    /// What the first page view of such a session says.
    pub(crate) fn touch(self) -> Value {
        match self {
            Self::Direct => json!({"referrer": ""}),
            Self::OrganicSearch => json!({"referrer": "https://www.google.com/"}),
            Self::PaidSearch => json!({
                "referrer": "https://www.google.com/",
                "utm": {"source": "google", "medium": "cpc", "campaign": "fertighaus"},
                "clickId": "gclid",
            }),
            Self::OrganicSocial => json!({"referrer": "https://www.instagram.com/"}),
            Self::Email => json!({
                "referrer": "",
                "utm": {"source": "newsletter", "medium": "email", "campaign": "herbst"},
            }),
            Self::Referral => json!({"referrer": "https://www.derstandard.at/immobilien"}),
        }
    }
}

/// Somebody who visits, once or several times.
pub(crate) struct Visitor {
    pub(crate) index: u32,
    pub(crate) sort: Sort,
    /// The answer to the question for consent, if there is one.
    pub(crate) consent: Option<bool>,
    /// The tracker goes on after a refusal.
    pub(crate) ignores_refusal: bool,
    pub(crate) device: Device,
    /// How far the clock of the device is ahead.
    pub(crate) clock_ahead: TimeDelta,
    context: RequestContext,
}

/// Devices: type, width, height, user agent.
type DeviceRow = (&'static str, i32, i32, &'static str);

const DEVICES: [(DeviceRow, u32); 3] = [
    (
        (
            "desktop",
            1536,
            864,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        ),
        50,
    ),
    (
        (
            "mobile",
            390,
            844,
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        ),
        42,
    ),
    (
        (
            "tablet",
            820,
            1180,
            "Mozilla/5.0 (Linux; Android 15; SM-X210) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        ),
        8,
    ),
];
const ROBOT: DeviceRow = (
    "desktop",
    1024,
    768,
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
);

const COUNTRIES: [(&str, u32); 4] = [("AT", 70), ("DE", 22), ("CH", 6), ("IT", 2)];

impl Visitor {
    /// The visitor of a number. What is left of the dice decides when they come.
    pub(crate) fn new(seed: u64, index: u32) -> (Self, Dice) {
        let mut dice = Dice::new(seed, u64::from(index) * 2);
        let sort = dice.pick(&SORTS);
        let row = if sort == Sort::Robot { ROBOT } else { dice.pick(&DEVICES) };
        let (kind, width, height, user_agent) = row;
        let robot = sort == Sort::Robot;
        let missing = [
            ("accept-language", robot || dice.chance(HIDES_LANGUAGE)),
            ("sec-ch-ua", !user_agent.contains("Chrome/")),
            ("sec-fetch-site", robot),
        ];
        let missing = missing.into_iter().filter(|(_, missing)| *missing);
        let clock_ahead = if !robot && dice.chance(CLOCK_WRONG) {
            TimeDelta::seconds(dice.whole(-2 * 86_400, 2 * 86_400))
        } else {
            TimeDelta::zero()
        };
        let visitor = Self {
            index,
            sort,
            consent: if robot { None } else { dice.pick(&CONSENT) },
            ignores_refusal: dice.chance(IGNORES_REFUSAL),
            device: Device {
                kind: Some(kind.to_owned()),
                width: Some(width),
                height: Some(height),
            },
            clock_ahead,
            context: RequestContext {
                user_agent: Some(user_agent.to_owned()),
                referrer: None,
                country: Some(dice.pick(&COUNTRIES).to_owned()),
                city: None,
                missing_headers: missing.map(|(name, _)| name.to_owned()).collect(),
                autonomous_system: None,
            },
        };
        (visitor, dice)
    }

    /// Whom the visits of a session count for, given what was said about consent in it.
    pub(crate) fn population(&self, consent: Option<bool>) -> Population {
        match (self.sort, consent) {
            (Sort::Robot, _) => Population::Bot,
            (Sort::Staff, _) => Population::Internal,
            (Sort::Human, Some(false)) => Population::NoConsent,
            (Sort::Human, _) => Population::Eligible,
        }
    }

    /// The visitor's own random id, which the tracker sends once they agreed.
    pub(crate) fn id(&self) -> String {
        format!("visitor_{:08x}", self.index)
    }

    /// What requests from a page say about their sender.
    pub(crate) fn context(&self, page: &str) -> RequestContext {
        let referrer = Some(format!("https://www.nest-haus.at{page}"));
        RequestContext { referrer, ..self.context.clone() }
    }

    /// A moment by the visitor's clock.
    pub(crate) fn clock(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at + self.clock_ahead
    }
}
