//! Robots are flagged, with reasons, and never dropped (definitions b0.7): a verdict needs evidence of
//! two kinds at least, and may be made anew whenever the rules change.

use std::sync::LazyLock;

use isbot::Bots;

/// The names of robots, as they call themselves.
static NAMES: LazyLock<Bots> = LazyLock::new(Bots::default);

/// Networks of data centres, by autonomous system: people do not browse from there.
const DATA_CENTRES: [u32; 16] = [
    16509, 14618, 15169, 396_982, 8075, 14061, 24940, 16276, 63949, 20473, 45102, 132_203, 31898,
    51167, 12876, 60781,
];

/// More activity in a second than a person is capable of.
const EVENTS_PER_SECOND_MAX: f64 = 10.0;

/// Fewer events say nothing about how they came.
const EVENTS_MIN: usize = 10;

/// Clicks at intervals that differ by less than this are clockwork.
const CLOCKWORK_MS: i64 = 2;

/// What is known of a session, for and against its being a robot.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// Headers that browsers send and the first request lacked.
    pub missing_headers: Vec<String>,
    /// The autonomous system that the first request came from.
    pub autonomous_system: Option<u32>,
    /// When each activity happened, in milliseconds from the first, in order.
    pub activity_ms: Vec<i64>,
    /// Whether anything was scrolled, hovered or touched.
    pub moved: bool,
}

/// A kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suspicion {
    /// It calls itself a robot, or nothing at all.
    UserAgent,
    /// It does not send what browsers send.
    Headers,
    /// It comes from a data centre.
    DataCentre,
    /// It acts faster or more regularly than people do.
    Behaviour,
}

impl Suspicion {
    /// The value as SQL and JSON spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserAgent => "user_agent",
            Self::Headers => "headers",
            Self::DataCentre => "data_centre",
            Self::Behaviour => "behaviour",
        }
    }
}

impl Evidence {
    /// Every kind of evidence there is.
    #[must_use]
    pub fn suspicions(&self) -> Vec<Suspicion> {
        let found = [
            (Suspicion::UserAgent, self.names_a_robot()),
            (Suspicion::Headers, self.lacks_headers()),
            (
                Suspicion::DataCentre,
                self.autonomous_system.is_some_and(|number| DATA_CENTRES.contains(&number)),
            ),
            (Suspicion::Behaviour, self.is_inhuman()),
        ];
        found.into_iter().filter(|(_, holds)| *holds).map(|(suspicion, _)| suspicion).collect()
    }

    fn names_a_robot(&self) -> bool {
        self.user_agent.as_deref().is_none_or(|agent| agent.is_empty() || NAMES.is_bot(agent))
    }

    /// A browser names its languages and says where it fetches from; one built on Blink also names its
    /// brand.
    fn lacks_headers(&self) -> bool {
        let lacks = |name: &str| self.missing_headers.iter().any(|missing| missing == name);
        let blink = self.user_agent.as_deref().is_some_and(|agent| agent.contains("Chrome/"));
        lacks("accept-language") || lacks("sec-fetch-site") || (blink && lacks("sec-ch-ua"))
    }

    fn is_inhuman(&self) -> bool {
        let [first, .., last] = self.activity_ms[..] else { return false };
        if self.activity_ms.len() < EVENTS_MIN {
            return false;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts and spans of a session are small")]
        let too_fast = self.activity_ms.len() as f64
            > EVENTS_PER_SECOND_MAX * ((last - first) as f64 / 1000.0).max(1.0);
        let gaps = self.activity_ms.windows(2).map(|pair| pair[1] - pair[0]);
        let clockwork = !self.moved
            && gaps
                .clone()
                .min()
                .zip(gaps.max())
                .is_some_and(|(min, max)| max - min <= CLOCKWORK_MS);
        too_fast || clockwork
    }
}

/// Whether evidence amounts to a robot: two kinds at least.
#[must_use]
pub fn is_robot(suspicions: &[Suspicion]) -> bool {
    suspicions.len() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
        Chrome/140.0.0.0 Safari/537.36";
    const GOOGLEBOT: &str =
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

    fn person() -> Evidence {
        Evidence {
            user_agent: Some(CHROME.to_owned()),
            activity_ms: vec![0, 1200, 4100, 9050, 15_000, 15_900, 22_000, 31_000, 38_000, 52_000],
            moved: true,
            ..Evidence::default()
        }
    }

    #[test]
    fn a_person_raises_no_suspicion() {
        assert_eq!(person().suspicions(), []);
    }

    #[test]
    fn a_name_alone_is_a_suspicion_and_no_verdict() {
        let evidence = Evidence { user_agent: Some(GOOGLEBOT.to_owned()), ..person() };
        assert_eq!(evidence.suspicions(), [Suspicion::UserAgent]);
        assert!(!is_robot(&evidence.suspicions()));
    }

    #[test]
    fn a_robot_that_lacks_a_browsers_headers_is_one() {
        let missing_headers = vec!["accept-language".to_owned(), "sec-fetch-site".to_owned()];
        let user_agent = Some(GOOGLEBOT.to_owned());
        let evidence = Evidence { user_agent, missing_headers, ..person() };
        assert!(is_robot(&evidence.suspicions()));
    }

    #[test]
    fn a_brand_is_asked_of_blink_alone() {
        let missing_headers = vec!["sec-ch-ua".to_owned()];
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let chrome = Evidence { missing_headers, ..person() };
        let firefox = Evidence { user_agent: Some(firefox.to_owned()), ..chrome.clone() };
        assert_eq!(chrome.suspicions(), [Suspicion::Headers]);
        assert_eq!(firefox.suspicions(), []);
    }

    #[test]
    fn speed_and_clockwork_are_inhuman_but_not_for_who_moves() {
        let fast = Evidence { activity_ms: (0..20).map(|n| n * 40).collect(), ..person() };
        assert_eq!(fast.suspicions(), [Suspicion::Behaviour]);
        let clockwork =
            Evidence { activity_ms: (0..12).map(|n| n * 3000).collect(), moved: false, ..person() };
        assert_eq!(clockwork.suspicions(), [Suspicion::Behaviour]);
        assert_eq!(Evidence { moved: true, ..clockwork }.suspicions(), []);
    }

    #[test]
    fn data_centres_are_known_by_number() {
        let evidence = Evidence { autonomous_system: Some(16509), user_agent: None, ..person() };
        assert_eq!(evidence.suspicions(), [Suspicion::UserAgent, Suspicion::DataCentre]);
    }
}
