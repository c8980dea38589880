//! How visitors behave: every probability and duration of the simulation.

use chrono::TimeDelta;

use crate::visitor::{Channel, Sort};

/// What visitors are.
pub(crate) const SORTS: [(Sort, u32); 3] = [(Sort::Human, 91), (Sort::Robot, 6), (Sort::Staff, 3)];

/// Where sessions come from.
pub(crate) const CHANNELS: [(Channel, u32); 6] = [
    (Channel::Direct, 30),
    (Channel::OrganicSearch, 30),
    (Channel::PaidSearch, 15),
    (Channel::OrganicSocial, 10),
    (Channel::Email, 5),
    (Channel::Referral, 10),
];

/// Answers to the question for consent: yes, no, none.
pub(crate) const CONSENT: [(Option<bool>, u32); 3] =
    [(Some(true), 55), (Some(false), 10), (None, 35)];

/// Hours of the day in UTC, by how much is going on.
pub(crate) const HOURS: [(i64, u32); 24] = [
    (0, 2),
    (1, 1),
    (2, 1),
    (3, 1),
    (4, 2),
    (5, 4),
    (6, 6),
    (7, 8),
    (8, 9),
    (9, 10),
    (10, 10),
    (11, 10),
    (12, 9),
    (13, 9),
    (14, 9),
    (15, 9),
    (16, 10),
    (17, 12),
    (18, 14),
    (19, 16),
    (20, 14),
    (21, 10),
    (22, 6),
    (23, 3),
];

/// A visitor comes again after each visit.
pub(crate) const RETURNS: f64 = 0.35;
/// Time until then.
pub(crate) const RETURN_AFTER: (TimeDelta, f64) = (TimeDelta::days(6), 1.0);

/// A human session is one page, looked at shortly.
pub(crate) const BOUNCES: f64 = 0.3;
/// A session that is more goes to the configurator.
pub(crate) const CONFIGURES: f64 = 0.5;
/// A category of the configurator is chosen in.
pub(crate) const CHOOSES: f64 = 0.8;
/// A choice is followed by another in the same category and then taken back.
pub(crate) const WAVERS: f64 = 0.06;
/// Who went through the whole configurator puts the house into the cart.
pub(crate) const PUTS_INTO_CART: f64 = 0.45;
/// Who has it in the cart tries to order.
pub(crate) const COMPLETES: f64 = 0.55;
/// Who tried to order pays.
pub(crate) const PAYS: f64 = 0.6;
/// A session is taken up again, after a pause that makes it two visits.
pub(crate) const RESUMES: f64 = 0.03;
/// A session ends without the tracker hearing of it.
pub(crate) const ENDS_SILENTLY: f64 = 0.3;

/// The log-odds of leaving after a choice that changes no price.
pub(crate) const LEAVING_LOG_ODDS: f64 = -3.6;
/// What each 10,000 euros more on the price add to them.
pub(crate) const LEAVING_PER_10_000_EUROS: f64 = 0.2;

/// A click or scroll is numbered and never arrives.
pub(crate) const LOST: f64 = 0.01;
/// A batch arrives and its answer does not, so that it is sent again.
pub(crate) const SENT_TWICE: f64 = 0.02;
/// A session takes place offline, and arrives hours later.
pub(crate) const OFFLINE: f64 = 0.02;
/// A visitor's clock is wrong.
pub(crate) const CLOCK_WRONG: f64 = 0.05;
/// A visitor's browser is set not to tell its language, which makes nobody a robot.
pub(crate) const HIDES_LANGUAGE: f64 = 0.03;
/// A tracker goes on after a refusal of consent, as today's does.
pub(crate) const IGNORES_REFUSAL: f64 = 0.3;
/// A session's web vitals are measured.
pub(crate) const MEASURES: f64 = 0.6;

/// Web vitals: name, median, spread.
pub(crate) const VITALS: [(&str, f64, f64); 5] = [
    ("LCP", 1_900.0, 0.45),
    ("INP", 140.0, 0.5),
    ("CLS", 0.05, 0.9),
    ("FCP", 1_200.0, 0.4),
    ("TTFB", 420.0, 0.6),
];

/// Time that a page, or a choice, is looked at.
pub(crate) const DWELL: (TimeDelta, f64) = (TimeDelta::seconds(12), 0.9);
/// No dwell is longer: well below what ends a visit.
pub(crate) const DWELL_MAX: TimeDelta = TimeDelta::minutes(5);
/// No visit goes on after this time.
pub(crate) const VISIT_MAX: TimeDelta = TimeDelta::minutes(90);
/// The least time from the begin of a session to the end of the simulation, enough for a visit, a
/// pause and another short visit.
pub(crate) const SESSION_MAX: TimeDelta = TimeDelta::hours(4);

/// Of each dwell, this much at most counts as engaged (definitions b1).
pub(crate) const ENGAGED_MAX: TimeDelta = TimeDelta::seconds(30);
/// Engaged time is reported when it has come to this much.
pub(crate) const ENGAGEMENT_EVERY: TimeDelta = TimeDelta::seconds(15);
/// The configuration is synchronised this long after a choice.
pub(crate) const SYNC_AFTER: TimeDelta = TimeDelta::seconds(5);
/// Events that the tracker collects before it sends them.
pub(crate) const BATCH: usize = 20;
