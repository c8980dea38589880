//! Accounts and API keys from the command line: how the first owner comes to be.

use std::io::{BufRead, stdin};

use nest_haus::accounts::{api_keys, users};
use nest_haus::http::Actor;
use nest_haus::platform::App;
use nest_haus_domain::accounts::{Permission, Role};

use crate::{Failure, print};

/// Who does what is done here, as the audit log names them.
const ACTOR: &str = "command line";

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make an account. Its password is the first line of standard input.
    Create {
        /// E-mail address.
        #[arg(long)]
        email: String,
        /// Whose it is.
        #[arg(long)]
        name: String,
        /// `owner`, `admin`, `analyst`, `sales` or `viewer`.
        #[arg(long, default_value = "owner", value_parser = role)]
        role: Role,
    },
    /// Give an account another password, the first line of standard input, and end its sessions.
    Password {
        /// The account's e-mail address.
        #[arg(long)]
        email: String,
        /// Remove its second factor too, when that is lost.
        #[arg(long)]
        remove_second_factor: bool,
    },
    /// Make an API key and print it. It is not shown again.
    ApiKey {
        /// What it is for.
        #[arg(long)]
        name: String,
        /// What it may do, `analytics:read` for example; everything, if left out.
        #[arg(long, value_delimiter = ',')]
        scopes: Vec<String>,
        /// In how many days it ends.
        #[arg(long)]
        days: Option<i64>,
    },
}

fn role(name: &str) -> Result<Role, String> {
    let known = Role::ALL.map(Role::as_str).join(", ");
    Role::of_name(name).ok_or_else(|| format!("must be one of {known}"))
}

pub(crate) async fn run(app: &App, command: Command) -> Result<(), Failure> {
    let (actor, now) = (Actor::named(ACTOR), app.clock.now());
    match command {
        Command::Create { email, name, role } => {
            let new = users::NewUser { email, name, role };
            users::make(&app.db, new, read_password()?, &actor, now).await.map_err(told)?;
            eprintln!("the account was made");
        }
        Command::Password { email, remove_second_factor } => {
            let rescue = users::Rescue { email, password: read_password()?, remove_second_factor };
            users::rescue(&app.db, rescue, &actor, now).await.map_err(told)?;
            eprintln!("the password was changed");
        }
        Command::ApiKey { name, scopes, days } => {
            let all = || Permission::ALL.map(|permission| permission.as_str().to_owned()).to_vec();
            let scopes = if scopes.is_empty() { all() } else { scopes };
            let new = api_keys::NewApiKey { name, scopes, expires_in_days: days };
            print(&api_keys::make(&app.db, &new, &actor, now).await.map_err(told)?)?;
        }
    }
    Ok(())
}

fn read_password() -> Result<String, Failure> {
    let mut password = String::new();
    stdin().lock().read_line(&mut password)?;
    Ok(password.trim_end_matches(['\r', '\n']).to_owned())
}

/// A refusal with what is wrong.
fn told(problem: nest_haus::http::Problem) -> Failure {
    let document = problem.document(String::new());
    match std::error::Error::source(&problem) {
        Some(_) => problem.into(),
        None => document.detail.into(),
    }
}
