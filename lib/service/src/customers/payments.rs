//! Payments as the provider reports them, by a webhook with an API key. Revenue is made of these alone;
//! what a browser says is no payment (definitions b3, b13).

use axum::Json;
use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::SessionId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgTransaction;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::{May, WritePayments, record};
use crate::http::{Actor, Body, Context, FieldError, Problem, ProblemDocument, read};
use crate::platform::begin;

/// Longest id, in characters.
const ID_CHARS_MAX: usize = 200;

/// Most that a payment may be, in cents: more is a mistake in units.
const CENTS_MAX: i64 = 10_000_000_000;

/// Which way money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// It came in.
    Captured,
    /// It went back.
    Refunded,
}

impl PaymentKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Refunded => "refunded",
        }
    }
}

/// A payment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPayment {
    /// The provider's id of the payment. Sent again with the same content, it changes nothing.
    #[schema(min_length = 1, max_length = 200)]
    payment_id: String,
    /// The order that it is for.
    #[schema(min_length = 1, max_length = 200)]
    order_id: String,
    /// Which way the money went.
    kind: PaymentKind,
    /// The session in which the order was placed, if it is known.
    #[schema(value_type = Option<String>)]
    session_id: Option<SessionId>,
    /// How much, in the smallest unit of the currency.
    #[schema(minimum = 1, maximum = 10_000_000_000_i64)]
    amount_cents: i64,
    /// ISO 4217 code of the currency.
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: String,
    /// Euros for one unit of the currency on the day of the payment; left out for euros.
    #[schema(minimum = 0)]
    euro_rate: Option<f64>,
    /// When it was paid.
    paid_at: DateTime<Utc>,
}

/// What became of a payment that was sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordedPayment {
    /// Whether it is new; false where it was known already.
    recorded: bool,
    /// How much it is in euros, in cents.
    eur_cents: i64,
}

/// Records a payment or a refund.
#[utoipa::path(
    post, path = "/api/admin/payments", tag = "customers", request_body = NewPayment,
    security(("admin" = [])),
    responses(
        (status = 200, description = "On record.", body = RecordedPayment),
        (status = 400, description = "Not readable.", body = ProblemDocument),
        (status = 401, description = "Not signed in.", body = ProblemDocument),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
        (status = 409, description = "A payment of this id with other content is on record.", body = ProblemDocument),
        (status = 422, description = "Fields invalid.", body = ProblemDocument),
        (status = 503, description = "Nothing was recorded; try again later.", body = ProblemDocument),
    )
)]
pub async fn record_payment(
    cx: Context,
    may: May<WritePayments>,
    Body(body): Body,
) -> Result<Json<RecordedPayment>, Problem> {
    let payment: NewPayment = read("", &body).map_err(Problem::field)?;
    let eur_cents = payment.check(cx.now)?;
    let mut tx = begin(&cx.app.db).await?;
    let recorded = insert(&mut tx, &payment, eur_cents, (&may.actor, cx.now)).await?;
    if recorded {
        let detail =
            json!({"orderId": payment.order_id, "kind": payment.kind, "eurCents": eur_cents});
        let act = ("payment.record", payment.payment_id.as_str());
        record(&mut tx, &may.actor, act, &detail, cx.now).await?;
    } else if !is_on_record(&mut tx, &payment, eur_cents).await? {
        let sentence = "a payment with this id and other content is on record";
        return Err(Problem::Conflict {
            sentence,
            conflict: json!({"paymentId": payment.payment_id}),
        });
    }
    tx.commit().await?;
    Ok(Json(RecordedPayment { recorded, eur_cents }))
}

impl NewPayment {
    /// What the payment is in euro cents, if all its fields are right.
    fn check(&self, now: DateTime<Utc>) -> Result<i64, Problem> {
        let mut errors = Vec::new();
        let mut refuse =
            |field, message: &str| errors.push(FieldError::new(field, "invalid", message));
        let is_id =
            |text: &str| (1..=ID_CHARS_MAX).contains(&text.chars().count()) && !text.contains('\0');
        for (field, id) in [("paymentId", &self.payment_id), ("orderId", &self.order_id)] {
            if !is_id(id) {
                refuse(field, "must have 1 to 200 characters");
            }
        }
        if !(1..=CENTS_MAX).contains(&self.amount_cents) {
            refuse("amountCents", "must be 1 to 10,000,000,000");
        }
        if self.currency.len() != 3 || !self.currency.chars().all(|c| c.is_ascii_uppercase()) {
            refuse("currency", "must be an ISO 4217 code, EUR for example");
        }
        let rate = match (self.currency.as_str(), self.euro_rate) {
            ("EUR", None) => 1.0,
            ("EUR", Some(_)) => {
                refuse("euroRate", "goes with other currencies than euros");
                1.0
            }
            (_, Some(rate)) if rate > 0.0 && rate <= 1000.0 => rate,
            _ => {
                refuse("euroRate", "must be euros for one unit, above 0 and up to 1000");
                1.0
            }
        };
        if self.paid_at > now {
            refuse("paidAt", "must not be in the future");
        }
        if !errors.is_empty() {
            return Err(Problem::Invalid(errors));
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "bounded above"
        )]
        Ok((self.amount_cents as f64 * rate).round() as i64)
    }

    fn session_key(&self) -> Option<Uuid> {
        self.session_id.as_ref().map(|id| id.key().as_uuid())
    }
}

/// Inserts a payment and marks its session's visits; false if the id is taken.
async fn insert(
    tx: &mut PgTransaction<'_>,
    payment: &NewPayment,
    eur_cents: i64,
    (actor, now): (&Actor, DateTime<Utc>),
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "WITH new AS (
            INSERT INTO payments (payment_id, kind, order_id, session_key, paid_at, amount_cents,
                currency, eur_cents, recorded_at, recorded_by)
            VALUES ($1, ($2::text)::payment_kind, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT DO NOTHING RETURNING session_key
         ), marked AS (
            INSERT INTO stale_visits SELECT session_key FROM new WHERE session_key IS NOT NULL)
         SELECT session_key FROM new",
        payment.payment_id,
        payment.kind.as_str(),
        payment.order_id,
        payment.session_key(),
        payment.paid_at,
        payment.amount_cents,
        payment.currency,
        eur_cents,
        now,
        actor.as_str()
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(inserted.is_some())
}

/// Whether the payment on record is the same.
async fn is_on_record(
    tx: &mut PgTransaction<'_>,
    payment: &NewPayment,
    eur_cents: i64,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM payments
            WHERE payment_id = $1 AND kind = ($2::text)::payment_kind AND order_id = $3
                AND session_key IS NOT DISTINCT FROM $4 AND paid_at = $5 AND amount_cents = $6
                AND currency = $7 AND eur_cents = $8) AS "same!""#,
        payment.payment_id,
        payment.kind.as_str(),
        payment.order_id,
        payment.session_key(),
        payment.paid_at,
        payment.amount_cents,
        payment.currency,
        eur_cents
    )
    .fetch_one(&mut **tx)
    .await
}
