//! Passwords: Argon2id, by OWASP's parameters (19 MiB, two passes, one lane).

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::http::{FieldError, Problem};

/// Shortest password, in characters.
const CHARS_MIN: usize = 12;

/// Longest password, in bytes: hashing takes time in proportion.
const BYTES_MAX: usize = 256;

/// A hash that no password has, so that an unknown account takes as long as a known one.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("").unwrap_or_else(|_| String::new()));

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

fn hash_now(password: &str) -> Result<String, argon2::password_hash::Error> {
    argon2().hash_password(password.as_bytes()).map(|hash| hash.to_string())
}

/// Refuses passwords that are too easy to guess or take too long to hash.
pub(super) fn check(field: &str, password: &str, email: &str) -> Result<(), Problem> {
    let refuse = |message: String| Err(Problem::field(FieldError::new(field, "invalid", message)));
    if password.chars().count() < CHARS_MIN || password.len() > BYTES_MAX {
        return refuse(format!(
            "must have {CHARS_MIN} characters or more, and at most {BYTES_MAX} bytes"
        ));
    }
    if password.to_lowercase().contains(&email.to_lowercase()) {
        return refuse("must not contain the e-mail address".to_owned());
    }
    Ok(())
}

/// The hash of a password, as a PHC string. Off the event loop: it is slow on purpose.
pub(super) async fn hash(password: String) -> Result<String, Problem> {
    let hashed = tokio::task::spawn_blocking(move || hash_now(&password)).await;
    hashed
        .map_err(|error| Problem::Internal(error.into()))?
        .map_err(|error| Problem::Internal(error.to_string().into()))
}

/// Whether a password has a hash. Without a hash it has not, after the same time.
pub(super) async fn matches(password: String, hash: Option<String>) -> Result<bool, Problem> {
    let verify = move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let matches = PasswordHash::new(&hash)
            .is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok());
        known && matches
    };
    tokio::task::spawn_blocking(verify).await.map_err(|error| Problem::Internal(error.into()))
}
