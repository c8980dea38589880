//! Roles, and what each of them may do. One table; the documents and every check follow it.

use serde::{Deserialize, Serialize};

/// Something that an administrator may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Read reports.
    ReadAnalytics,
    /// See the catalogue's drafts and history.
    ReadCatalogue,
    /// Change and publish the catalogue.
    WriteCatalogue,
    /// See who has an account.
    ReadUsers,
    /// Make, change and disable accounts, and end their sessions.
    WriteUsers,
    /// See, make and revoke API keys.
    WriteApiKeys,
    /// Read the audit log.
    ReadAudit,
    /// Record payments and refunds.
    WritePayments,
    /// Change settings of reports.
    WriteSettings,
    /// Run jobs by hand.
    RunJobs,
    /// Acknowledge and mute alerts, and change their rules.
    WriteAlerts,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 11] = [
        Self::ReadAnalytics,
        Self::ReadCatalogue,
        Self::WriteCatalogue,
        Self::ReadUsers,
        Self::WriteUsers,
        Self::WriteApiKeys,
        Self::ReadAudit,
        Self::WritePayments,
        Self::WriteSettings,
        Self::RunJobs,
        Self::WriteAlerts,
    ];

    /// The name in documents, answers and the scopes of API keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadAnalytics => "analytics:read",
            Self::ReadCatalogue => "catalog:read",
            Self::WriteCatalogue => "catalog:write",
            Self::ReadUsers => "users:read",
            Self::WriteUsers => "users:write",
            Self::WriteApiKeys => "api-keys:write",
            Self::ReadAudit => "audit:read",
            Self::WritePayments => "payments:write",
            Self::WriteSettings => "settings:write",
            Self::RunJobs => "jobs:run",
            Self::WriteAlerts => "alerts:write",
        }
    }

    /// The permission of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == name)
    }

    /// What it allows, for a person.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::ReadAnalytics => "read reports",
            Self::ReadCatalogue => "see the catalogue's drafts and history",
            Self::WriteCatalogue => "change and publish the catalogue",
            Self::ReadUsers => "see who has an account",
            Self::WriteUsers => "make, change and disable accounts",
            Self::WriteApiKeys => "see, make and revoke API keys",
            Self::ReadAudit => "read the audit log",
            Self::WritePayments => "record payments and refunds",
            Self::WriteSettings => "change settings of reports",
            Self::RunJobs => "run jobs by hand",
            Self::WriteAlerts => "acknowledge and mute alerts, and change their rules",
        }
    }
}

/// What an administrator is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything; the only one who makes owners and administrators.
    Owner,
    /// Everything but making owners and administrators.
    Admin,
    /// Reports.
    Analyst,
    /// Reports, and the catalogue that is sold from.
    Sales,
    /// Reports.
    Viewer,
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Analyst, Self::Sales, Self::Viewer];

    /// The name in SQL, documents and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Analyst => "analyst",
            Self::Sales => "sales",
            Self::Viewer => "viewer",
        }
    }

    /// The role of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// What the role may do.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Owner | Self::Admin => &Permission::ALL,
            Self::Analyst | Self::Sales => &[Permission::ReadAnalytics, Permission::ReadCatalogue],
            Self::Viewer => &[Permission::ReadAnalytics],
        }
    }

    /// Whether the role may do something.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    /// Whether the role may give an account another role, or take it away: nobody lifts anybody to
    /// their own height or above, but the owner.
    #[must_use]
    pub fn may_manage(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => other > Self::Admin,
            Self::Analyst | Self::Sales | Self::Viewer => false,
        }
    }
}

/// Who acts, and what they may do: a person or an API key that has proved itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The name in the audit log.
    pub name: String,
    /// The role of a person; an API key has none.
    pub role: Option<Role>,
    /// All that they may do.
    pub permissions: Vec<Permission>,
}

/// The table of roles and permissions, in Markdown.
#[must_use]
pub fn permission_table() -> String {
    let header: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let mut lines = vec![
        format!("| permission | allows to | {} |", header.join(" | ")),
        format!("|---|---|{}", "---|".repeat(Role::ALL.len())),
    ];
    for permission in Permission::ALL {
        let marks = Role::ALL.map(|role| if role.may(permission) { "yes" } else { "" });
        let (name, description) = (permission.as_str(), permission.description());
        lines.push(format!("| `{name}` | {description} | {} |", marks.join(" | ")));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for permission in Permission::ALL {
            assert_eq!(Permission::of_name(permission.as_str()), Some(permission));
        }
        for role in Role::ALL {
            assert_eq!(Role::of_name(role.as_str()), Some(role));
        }
        assert_eq!((Permission::of_name("all"), Role::of_name("root")), (None, None));
    }

    #[test]
    fn a_mightier_role_may_do_all_that_a_lesser_may() {
        for (role, lesser) in [
            (Role::Owner, Role::Admin),
            (Role::Admin, Role::Analyst),
            (Role::Analyst, Role::Viewer),
        ] {
            assert!(lesser.permissions().iter().all(|permission| role.may(*permission)));
        }
    }

    #[test]
    fn only_the_owner_makes_those_who_make_others() {
        for role in Role::ALL {
            assert!(Role::Owner.may_manage(role));
            assert!(!Role::Viewer.may_manage(role) && !Role::Analyst.may_manage(role));
        }
        assert!(Role::Admin.may_manage(Role::Sales));
        assert!(!Role::Admin.may_manage(Role::Admin) && !Role::Admin.may_manage(Role::Owner));
    }
}
