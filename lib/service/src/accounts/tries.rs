//! Tries to prove something, counted before they are looked at, so that many at once gain nothing. An
//! account waits after wrong ones, and so does the network address that they come from.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hmac::Mac;
use nest_haus_domain::accounts::Backoff;
use sha2::{Digest, Sha256};
use sqlx::PgTransaction;

use super::secret;
use crate::http::{Context, Problem};
use crate::platform::begin;

/// A try that was counted as a wrong one, until it turns out otherwise.
pub(super) struct Try {
    account: Counted,
    address: Counted,
}

struct Counted {
    key: [u8; 32],
    failures: i32,
}

/// Counts a try against an account, whether there is one or not, and against the caller's address.
/// Fails while either has to wait.
pub(super) async fn count(cx: &Context, email: &str) -> Result<Try, Problem> {
    let mut tx = begin(&cx.app.db).await?;
    // Always in this order, so that tries do not wait for one another in a circle.
    let account = count_one(&mut tx, account_key(email), Backoff::OF_ACCOUNT, cx.now).await?;
    let address = count_one(&mut tx, address_key(cx), Backoff::OF_ADDRESS, cx.now).await?;
    tx.commit().await?;
    Ok(Try { account, address })
}

/// What an account is counted under.
fn account_key(email: &str) -> [u8; 32] {
    Sha256::digest(email).into()
}

/// What the caller's address is counted under. Addresses are few enough to try them all, so that a
/// plain hash would not hide one.
fn address_key(cx: &Context) -> [u8; 32] {
    secret::mac(&cx.app, "address", &cx.caller.address_key).finalize().into_bytes().into()
}

async fn count_one(
    tx: &mut PgTransaction<'_>,
    key: [u8; 32],
    backoff: Backoff,
    now: DateTime<Utc>,
) -> Result<Counted, Problem> {
    let row = sqlx::query!(
        "INSERT INTO login_failures AS known (email_hash, failures, locked_until)
         VALUES ($1, 0, $2)
         ON CONFLICT (email_hash) DO UPDATE SET failures = known.failures
         RETURNING failures, locked_until",
        &key[..],
        now
    )
    .fetch_one(&mut **tx)
    .await?;
    if row.locked_until > now {
        let wait = (row.locked_until - now).num_seconds().max(1);
        return Err(Problem::too_many(Duration::from_secs(wait.cast_unsigned())));
    }
    let failures = backoff.counted(row.failures, row.locked_until, now);
    sqlx::query!(
        "UPDATE login_failures SET failures = $2, locked_until = $3 WHERE email_hash = $1",
        &key[..],
        failures,
        now + backoff.wait(failures)
    )
    .execute(&mut **tx)
    .await?;
    Ok(Counted { key, failures })
}

impl Try {
    /// It was right: nothing stands against the account any more. The address keeps what it tried
    /// elsewhere, so that an account of one's own buys no further guesses at others'.
    pub(super) async fn succeeded(
        self,
        tx: &mut PgTransaction<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        forget(tx, &self.account.key).await?;
        self.address.take_back(tx, now).await
    }

    /// It was neither right nor wrong, and does not count.
    pub(super) async fn taken_back(
        self,
        tx: &mut PgTransaction<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        self.account.take_back(tx, now).await?;
        self.address.take_back(tx, now).await
    }
}

impl Counted {
    /// One less, and without its own wait; a wait that another wrong try brought since stays.
    async fn take_back(
        &self,
        tx: &mut PgTransaction<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "UPDATE login_failures SET failures = greatest(failures - 1, 0),
                locked_until = CASE WHEN failures = $2 THEN $3 ELSE locked_until END
             WHERE email_hash = $1",
            &self.key[..],
            self.failures,
            now
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

/// Forgets the wrong tries of an account whose password was set anew.
pub(super) async fn forget_account(
    tx: &mut PgTransaction<'_>,
    email: &str,
) -> Result<(), sqlx::Error> {
    forget(tx, &account_key(email)).await
}

async fn forget(tx: &mut PgTransaction<'_>, key: &[u8; 32]) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM login_failures WHERE email_hash = $1", &key[..])
        .execute(&mut **tx)
        .await?;
    Ok(())
}
