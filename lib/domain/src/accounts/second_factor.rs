//! The second factor: one-time codes of an app (RFC 6238: SHA-1, six digits, 30 seconds, one step
//! early or late), and recovery codes for when the app is lost.

use chrono::{DateTime, Utc};
use totp_rs::{Builder, Totp, TotpError};

/// Random bytes of the secret that is shared with the app, as RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;

/// Recovery codes that an account gets at once.
pub const RECOVERY_CODES: usize = 10;

/// Random bytes of a recovery code: enough that a plain hash of it hides it.
pub const RECOVERY_BYTES: usize = 10;

/// Digits of a one-time code.
const DIGITS: usize = 6;

/// Characters of a recovery code between two hyphens.
const GROUP_CHARS: usize = 5;

/// What an app shows as the issuer of a code.
const ISSUER: &str = "NEST-Haus";

/// A secret that no code can be made of.
#[derive(Debug, thiserror::Error)]
#[error("the secret of a second factor cannot be used")]
pub struct UnusableSecret(#[from] TotpError);

/// A secret shared with somebody's app.
pub struct SecondFactor(Totp);

impl SecondFactor {
    /// The second factor of an account. Fails if the secret is shorter than 16 bytes.
    pub fn new(secret: &[u8], email: &str) -> Result<Self, UnusableSecret> {
        // In the address of a code a colon parts the issuer from the account.
        let account = email.replace(':', "");
        let builder = Builder::new().with_secret(secret).with_account_name(account);
        Ok(Self(builder.with_issuer(Some(ISSUER)).build()?))
    }

    /// The secret as apps take it from hand: base 32.
    #[must_use]
    pub fn secret(&self) -> String {
        self.0.secret().to_base32()
    }

    /// The `otpauth://` address that apps take from a picture.
    pub fn address(&self) -> Result<String, UnusableSecret> {
        Ok(self.0.to_url()?)
    }

    /// The step that a code is of. Nothing if the code is of no step around this moment, or of one
    /// not later than the last that was taken: a code is taken once.
    #[must_use]
    pub fn step_of(&self, code: &str, last_step: i64, now: DateTime<Utc>) -> Option<i64> {
        let seconds = u64::try_from(now.timestamp()).ok()?;
        let step = i64::try_from(self.0.check(code, seconds)?).ok()?;
        (step > last_step).then_some(step)
    }
}

/// What somebody typed as their second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// Six digits of an app.
    OneTime(String),
    /// A recovery code in its canonical form: lower case, without hyphens.
    Recovery(String),
}

impl Code {
    /// Reads a code, with whatever spaces, hyphens and capitals it was typed. Nothing if it can be
    /// neither kind.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let dense = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let dense: String = dense.collect::<String>().to_ascii_lowercase();
        if dense.len() == DIGITS && dense.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::OneTime(dense));
        }
        let is_recovery =
            dense.len() == 2 * RECOVERY_BYTES && dense.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_recovery.then_some(Self::Recovery(dense))
    }
}

/// A recovery code of random bytes as people read it, `01234-56789-abcde-f0123` for example.
#[must_use]
pub fn recovery_code(random: [u8; RECOVERY_BYTES]) -> String {
    let text: Vec<char> = hex::encode(random).chars().collect();
    let groups = text.chunks(GROUP_CHARS).map(|group| group.iter().collect::<String>());
    groups.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The secret of RFC 6238, appendix B.
    const RFC_SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn of_rfc() -> SecondFactor {
        SecondFactor::new(RFC_SECRET, "ada@example.com").unwrap()
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // The last six digits of appendix B's codes for SHA-1.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(of_rfc().step_of(code, 0, at(seconds)), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_taken_one_step_early_or_late_and_once() {
        let (code, step) = ("050471", 1_111_111_111 / 30);
        let took = |seconds, last| of_rfc().step_of(code, last, at(seconds)) == Some(step);
        let begins = step * 30;
        assert!(took(begins - 30, 0) && took(begins + 59, 0));
        assert!(!took(begins - 31, 0) && !took(begins + 60, 0));
        assert!(took(begins, step - 1));
        assert!(!took(begins, step) && !took(begins, step + 1));
    }

    #[test]
    fn apps_get_the_secret_in_base_32() {
        let factor = SecondFactor::new(RFC_SECRET, "a:da@example.com").unwrap();
        assert_eq!(factor.secret(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let address = factor.address().unwrap();
        assert!(address.starts_with("otpauth://totp/NEST-Haus:ada%40example.com?"), "{address}");
        assert!(address.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{address}");
        assert!(SecondFactor::new(b"short", "ada@example.com").is_err());
    }

    #[test]
    fn what_is_no_code_is_none() {
        for text in
            ["", "12345", "1234567", "12345a", "+12345", "١٢٣٤٥٦", "g1234-56789-abcde-f0123"]
        {
            assert_eq!(Code::read(text), None, "{text}");
        }
        assert_eq!(Code::read(" 123 456"), Some(Code::OneTime("123456".into())));
    }

    proptest! {
        #[test]
        fn a_recovery_code_is_read_however_it_is_typed(random: [u8; RECOVERY_BYTES]) {
            let code = recovery_code(random);
            prop_assert_eq!(code.len(), 23);
            let expected = Some(Code::Recovery(hex::encode(random)));
            prop_assert_eq!(Code::read(&code), expected.clone());
            prop_assert_eq!(Code::read(&code.to_uppercase().replace('-', " ")), expected);
        }
    }
}
