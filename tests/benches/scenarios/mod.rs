//! What is measured.

mod accept;
mod cold_start;
mod drain;
mod in_process;
mod prices;
mod profile;
mod queries;
mod soak;
mod users;

use clap::ValueEnum;

use crate::{Bench, Failure, Found};

/// One thing that is measured. The order is that of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    Accept,
    Users,
    Soak,
    Drain,
    ColdStart,
    #[value(name = "queries")]
    Queries,
    #[value(name = "queries-large")]
    QueriesLarge,
    Recording,
    Price,
    PricingHttp,
    Profile,
}

impl Scenario {
    /// The name on the command line and in files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Users => "users",
            Self::Soak => "soak",
            Self::Drain => "drain",
            Self::ColdStart => "cold-start",
            Self::Queries => "queries",
            Self::QueriesLarge => "queries-large",
            Self::Recording => "recording",
            Self::Price => "price",
            Self::PricingHttp => "pricing-http",
            Self::Profile => "profile",
        }
    }

    /// Its heading.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Accept => "Accepting events",
            Self::Users => "A thousand visitors at once",
            Self::Soak => "Ten minutes under load",
            Self::Drain => "The drain",
            Self::ColdStart => "Cold start of one function",
            Self::Queries => "Reports on a million events",
            Self::QueriesLarge => "Reports on ten million events",
            Self::Recording => "What recording costs a request",
            Self::Price => "The price of a house, in process",
            Self::PricingHttp => "Prices over HTTP",
            Self::Profile => "Where the time goes",
        }
    }

    pub(crate) fn run(self, bench: &Bench) -> Result<Found, Failure> {
        match self {
            Self::Accept => accept::run(bench),
            Self::Users => users::run(bench),
            Self::Soak => soak::run(bench),
            Self::Drain => drain::run(bench),
            Self::ColdStart => cold_start::run(bench),
            Self::Queries | Self::QueriesLarge => queries::run(bench),
            Self::Recording => in_process::recording(),
            Self::Price => in_process::price(),
            Self::PricingHttp => prices::run(bench),
            Self::Profile => profile::run(bench),
        }
    }
}
