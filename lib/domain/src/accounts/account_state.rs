//! Whether somebody may sign in with an account.

use serde::Serialize;

/// The state of an account, which follows from what is kept of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum AccountState {
    /// Its invitation was not accepted yet: it has no password, and nobody signs in.
    Invited,
    /// Its owner signs in.
    Active,
    /// Somebody closed it: nobody signs in.
    Disabled,
}

impl AccountState {
    /// The state of an account that has a password or none, and is closed or not.
    #[must_use]
    pub const fn of(has_password: bool, is_disabled: bool) -> Self {
        match (has_password, is_disabled) {
            (_, true) => Self::Disabled,
            (false, false) => Self::Invited,
            (true, false) => Self::Active,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_is_closed_whatever_else_an_account_is() {
        assert_eq!(AccountState::of(true, true), AccountState::Disabled);
        assert_eq!(AccountState::of(false, true), AccountState::Disabled);
        assert_eq!(AccountState::of(false, false), AccountState::Invited);
        assert_eq!(AccountState::of(true, false), AccountState::Active);
    }
}
