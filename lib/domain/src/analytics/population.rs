//! Whom a number counts (definitions b0.7).

use serde::{Deserialize, Serialize};

/// What a visit counts as. Each has one: a robot before the maker's own people, these before whoever
/// refused to be analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// A person from outside who did not refuse.
    Eligible,
    /// A robot.
    Bot,
    /// The maker's own people.
    Internal,
    /// Somebody who refused to be analysed.
    NoConsent,
}

impl Population {
    /// Every population.
    pub const ALL: [Self; 4] = [Self::Eligible, Self::Bot, Self::Internal, Self::NoConsent];

    /// The value as SQL and JSON spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::Bot => "bot",
            Self::Internal => "internal",
            Self::NoConsent => "no_consent",
        }
    }

    /// The population of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|population| population.as_str() == name)
    }
}

/// Which populations a report counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Populations {
    /// People from outside who did not refuse.
    #[default]
    Eligible,
    /// Everything.
    All,
}

impl Populations {
    /// The names of the populations, as SQL spells them.
    #[must_use]
    pub fn names(self) -> Vec<String> {
        let names = |populations: &[Population]| {
            populations.iter().map(|population| population.as_str().to_owned()).collect()
        };
        match self {
            Self::Eligible => names(&[Population::Eligible]),
            Self::All => names(&Population::ALL),
        }
    }
}
