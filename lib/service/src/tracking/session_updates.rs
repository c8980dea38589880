//! What today's front end says about a session: configuration, cart, consent, personal data, end.
//!
//! Every one is an event like any other. None overwrites anything: status and configuration are
//! derived from all of them together.

use axum::response::Response;
use nest_haus_domain::privacy::USER_DATA_FIELDS;
use nest_haus_domain::tracking::{
    Consent, Kind, Payload, SessionFact, SessionId, Snapshot, Trigger, UserDataField,
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::accept::{Incoming, accept};
use super::track::{
    Accepted, Kept, answer, check_size, event, is_present_protocol, must_be_object, refuse_one,
};
use super::wire::{Envelope, bounded, optional_euros};
use crate::http::{Body, Context, FieldError, FreeObject, Problem, ProblemDocument, read};

const SESSION_ID_REQUIRED: &str = "Session ID is required";

/// What an endpoint makes of a body.
type Reading = Result<Payload, FieldError>;

/// Reads a body, keeps its event and answers in the words of today's client.
async fn update(
    cx: &Context,
    body: &Value,
    refusal: &'static str,
    payload: impl FnOnce(&SessionId) -> Reading,
    legacy: impl FnOnce(&SessionId) -> Value,
) -> Result<Response, Problem> {
    must_be_object(body)?;
    let read = || {
        check_size(body, "body")?;
        let envelope = Envelope::read("", body)?;
        let session_id =
            envelope.session_id.clone().ok_or_else(|| FieldError::required("sessionId"))?;
        let event = event(cx, &envelope, Some(session_id.clone()), 0, payload(&session_id)?)?;
        Ok((session_id, event))
    };
    match read() {
        Ok((session_id, event)) => {
            let receipt = accept(cx, Incoming::one(Kind::Configurations, event)).await?;
            Ok(answer(cx, is_present_protocol(body), &receipt, legacy(&session_id)))
        }
        Err(error) => refuse_one(cx, Kind::Configurations, body, refusal, error).await,
    }
}

/// A configuration object, its personal values sealed.
fn configuration(
    cx: &Context,
    session_id: &SessionId,
    body: &Value,
    field: &str,
) -> Result<Value, FieldError> {
    let mut value =
        body.get(field).filter(|value| value.is_object()).cloned().ok_or_else(|| {
            FieldError::new(field, "required", format!("`{field}` must be an object"))
        })?;
    cx.app
        .sealer
        .seal_personal(session_id.as_str(), &mut value)
        .map_err(|_| FieldError::new(field, "invalid", "cannot be kept safely"))?;
    Ok(value)
}

/// A price in whole euros at one of several names, as cents.
fn price_cents(value: &Value, field: &str) -> Result<Option<i64>, FieldError> {
    #[derive(Deserialize)]
    struct Euros(#[serde(deserialize_with = "optional_euros")] Option<i64>);
    let price = value.get(field).cloned().unwrap_or(Value::Null);
    Ok(read::<Euros>(field, &price)?.0)
}

fn snapshot(trigger: Trigger, configuration: Value, total_price_cents: Option<i64>) -> Snapshot {
    Snapshot {
        trigger,
        configuration,
        total_price_cents,
        ohne_nest_mode: None,
        exits: false,
        completes: false,
    }
}

/// The configuration after a choice.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct Sync {
    #[serde(flatten)]
    envelope: Envelope,
    /// The session.
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,128}$")]
    session_id: String,
    /// Choice by category.
    #[schema(value_type = FreeObject)]
    configuration: Value,
    /// Euros.
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000)]
    current_price: f64,
}

/// Keeps the configuration that the visitor has in front of them.
#[utoipa::path(
    post, path = "/api/sessions/sync", tag = "sessions", request_body = Sync,
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events.", body = Kept),
        (status = 202, description = "Kept; answer to clients that name their events.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn sync(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let read = |session_id: &SessionId| {
        let configuration = configuration(&cx, session_id, &body, "configuration")?;
        let price = price_cents(&body, "currentPrice")?
            .ok_or_else(|| FieldError::required("currentPrice"))?;
        Ok(Payload::Snapshot(snapshot(Trigger::Sync, configuration, Some(price))))
    };
    let legacy = |id: &SessionId| json!({"success": true, "sessionId": id, "timestamp": cx.now.timestamp_millis()});
    update(&cx, &body, "Invalid session data", read, legacy).await
}

/// A configuration to keep.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct SaveConfig {
    #[serde(flatten)]
    envelope: Envelope,
    /// The session.
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,128}$")]
    session_id: String,
    /// Choice by category, and `totalPrice` in euros.
    #[schema(value_type = FreeObject)]
    configuration: Value,
    /// `auto_save`, `page_exit` or `order_attempt`.
    #[schema(pattern = "^(auto_save|page_exit|order_attempt)$")]
    trigger: String,
    /// Euros, where the configuration does not say.
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000)]
    total_price: Option<f64>,
}

/// Keeps a configuration with what made the client save it.
#[utoipa::path(
    post, path = "/api/sessions/save-config", tag = "sessions", request_body = SaveConfig,
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events.", body = Kept),
        (status = 202, description = "Kept; answer to clients that name their events.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn save_config(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let read = |session_id: &SessionId| {
        let trigger = match body.get("trigger").and_then(Value::as_str) {
            Some("auto_save") => Trigger::AutoSave,
            Some("page_exit") => Trigger::PageExit,
            Some("order_attempt") => Trigger::OrderAttempt,
            _ => {
                let allowed = "must be `auto_save`, `page_exit` or `order_attempt`";
                return Err(FieldError::new("trigger", "invalid", allowed));
            }
        };
        let configuration = configuration(&cx, session_id, &body, "configuration")?;
        let price = match price_cents(&configuration, "totalPrice")? {
            Some(price) => Some(price),
            None => price_cents(&body, "totalPrice")?,
        };
        Ok(Payload::Snapshot(Snapshot {
            exits: trigger == Trigger::PageExit,
            completes: trigger == Trigger::OrderAttempt,
            ..snapshot(trigger, configuration, price)
        }))
    };
    let legacy = |id: &SessionId| json!({"success": true, "sessionId": id, "timestamp": cx.now.timestamp_millis()});
    update(&cx, &body, "Missing required fields: sessionId, configuration, trigger", read, legacy)
        .await
}

/// The end of a visit to a page.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct Finalize {
    #[serde(flatten)]
    envelope: Envelope,
    /// The session.
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,128}$")]
    session_id: String,
    /// A finished configuration, with `totalPrice`; or null.
    #[schema(value_type = Option<FreeObject>)]
    config: Option<Value>,
    /// The configuration at the moment of leaving.
    #[schema(value_type = Option<FreeObject>)]
    final_configuration: Option<Value>,
    /// Euros, with `finalConfiguration`.
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000)]
    total_price: Option<f64>,
}

/// Keeps that the visitor left, and the configuration if one came along. Nothing that was known
/// before is lost by it.
#[utoipa::path(
    post, path = "/api/sessions/finalize", tag = "sessions", request_body = Finalize,
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events.", body = Kept),
        (status = 202, description = "Kept; answer to clients that name their events.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn finalize(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let has = |field: &str| body.get(field).is_some_and(|value| !value.is_null());
    let read = |session_id: &SessionId| {
        if has("config") {
            let configuration = configuration(&cx, session_id, &body, "config")?;
            let price = price_cents(&configuration, "totalPrice")?;
            let completes = price.is_some_and(|price| price > 0);
            let snapshot = snapshot(Trigger::Finalize, configuration, price);
            Ok(Payload::Snapshot(Snapshot { exits: true, completes, ..snapshot }))
        } else if has("finalConfiguration") {
            let configuration = configuration(&cx, session_id, &body, "finalConfiguration")?;
            let price = match price_cents(&body, "totalPrice")? {
                Some(price) => Some(price),
                None => price_cents(&configuration, "totalPrice")?,
            };
            let snapshot = snapshot(Trigger::Finalize, configuration, price);
            Ok(Payload::Snapshot(Snapshot { exits: true, ..snapshot }))
        } else {
            Ok(Payload::Fact(SessionFact::Exited))
        }
    };
    let legacy = |_: &SessionId| json!({"success": true, "timestamp": cx.now.timestamp_millis()});
    update(&cx, &body, "Session ID required", read, legacy).await
}

/// Something put into the cart.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct TrackCartAdd {
    #[serde(flatten)]
    envelope: Envelope,
    /// The session.
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,128}$")]
    session_id: String,
    /// Choice by category; may be left out where the cart holds the concept check alone.
    #[schema(value_type = Option<FreeObject>)]
    configuration: Option<Value>,
    /// Euros.
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000)]
    total_price: Option<f64>,
    /// The cart holds the concept check alone.
    is_ohne_nest_mode: Option<bool>,
}

/// Keeps that something went into the cart.
#[utoipa::path(
    post, path = "/api/sessions/track-cart-add", tag = "sessions", request_body = TrackCartAdd,
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events.", body = Kept),
        (status = 202, description = "Kept; answer to clients that name their events.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn track_cart_add(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let read = |session_id: &SessionId| {
        let total_price_cents = price_cents(&body, "totalPrice")?;
        let ohne_nest_mode = optional_flag(&body, "isOhneNestMode")?;
        if body.get("configuration").is_none_or(Value::is_null) {
            return Ok(Payload::Fact(SessionFact::CartAdd { total_price_cents, ohne_nest_mode }));
        }
        let configuration = configuration(&cx, session_id, &body, "configuration")?;
        let snapshot = snapshot(Trigger::CartAdd, configuration, total_price_cents);
        Ok(Payload::Snapshot(Snapshot { ohne_nest_mode, ..snapshot }))
    };
    let legacy = |id: &SessionId| {
        let timestamp = cx.now.timestamp_millis();
        json!({"success": true, "sessionId": id, "status": "IN_CART", "timestamp": timestamp})
    };
    update(&cx, &body, SESSION_ID_REQUIRED, read, legacy).await
}

fn optional_flag(body: &Value, field: &str) -> Result<Option<bool>, FieldError> {
    read(field, body.get(field).unwrap_or(&Value::Null))
}

fn flag(body: &Value, field: &str) -> Result<bool, FieldError> {
    optional_flag(body, field)?.ok_or_else(|| FieldError::required(field))
}

/// A payment as the browser reports it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TrackConversion {
    /// The payment provider's reference.
    #[serde(default, deserialize_with = "bounded::<_, 200>")]
    #[schema(max_length = 200)]
    payment_intent_id: Option<String>,
    /// Euros.
    #[serde(default, deserialize_with = "optional_euros")]
    #[schema(value_type = Option<f64>, minimum = -1_000_000_000, maximum = 1_000_000_000)]
    total_price: Option<i64>,
}

/// A payment with what stands around an event.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct ConversionBody {
    #[serde(flatten)]
    envelope: Envelope,
    /// The session.
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,128}$")]
    session_id: String,
    #[serde(flatten)]
    conversion: TrackConversion,
}

/// Keeps that the browser says it paid. The session shows as converted; revenue counts confirmed
/// orders alone.
#[utoipa::path(
    post, path = "/api/sessions/track-conversion", tag = "sessions", request_body = ConversionBody,
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events.", body = Kept),
        (status = 202, description = "Kept; answer to clients that name their events.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn track_conversion(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let read = |_: &SessionId| {
        let wire: TrackConversion = read("", &body)?;
        Ok(Payload::Fact(SessionFact::Converted {
            payment_intent_id: wire.payment_intent_id,
            total_price_cents: wire.total_price,
        }))
    };
    let legacy = |id: &SessionId| {
        json!({
            "success": true,
            "sessionId": id,
            "status": "CONVERTED",
            "paymentIntentId": body.get("paymentIntentId"),
            "timestamp": cx.now.timestamp_millis(),
        })
    };
    update(&cx, &body, SESSION_ID_REQUIRED, read, legacy).await
}

/// The visitor's choice about cookies.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct UpdateConsent {
    #[serde(flatten)]
    envelope: Envelope,
    /// The session.
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,128}$")]
    session_id: String,
    /// May be analysed.
    analytics_consent: bool,
    /// May be advertised to.
    marketing_consent: bool,
    /// May be given comfort functions.
    functional_consent: bool,
}

/// Keeps the visitor's choice about cookies. After a refusal interactions and metrics of the
/// session are refused; its configuration and cart stay usable.
#[utoipa::path(
    post, path = "/api/sessions/update-consent", tag = "sessions", request_body = UpdateConsent,
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events.", body = Kept),
        (status = 202, description = "Kept; answer to clients that name their events.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn update_consent(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let read = |_: &SessionId| {
        Ok(Payload::Fact(SessionFact::Consent(Consent {
            analytics: flag(&body, "analyticsConsent")?,
            marketing: flag(&body, "marketingConsent")?,
            functional: flag(&body, "functionalConsent")?,
        })))
    };
    let legacy = |id: &SessionId| json!({"success": true, "sessionId": id, "timestamp": cx.now.timestamp_millis()});
    update(&cx, &body, "Invalid request data", read, legacy).await
}

/// Personal data that the visitor typed into a form.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct UpdateUserData {
    #[serde(flatten)]
    envelope: Envelope,
    /// The session.
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,128}$")]
    session_id: String,
    /// Texts by field: name, lastName, phone, email, address, ... Other fields are ignored.
    #[schema(value_type = FreeObject)]
    user_data: Value,
}

/// Keeps personal data, sealed field by field; fields that are not sent stay as they were.
#[utoipa::path(
    post, path = "/api/sessions/update-user-data", tag = "sessions", request_body = UpdateUserData,
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events.", body = Kept),
        (status = 202, description = "Kept; answer to clients that name their events.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn update_user_data(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let read = |session_id: &SessionId| {
        Ok(Payload::Fact(SessionFact::UserData(sealed_user_data(&cx, session_id, &body)?)))
    };
    let legacy = |id: &SessionId| json!({"success": true, "sessionId": id, "timestamp": cx.now.timestamp_millis()});
    update(&cx, &body, "Invalid data format", read, legacy).await
}

fn sealed_user_data(
    cx: &Context,
    session_id: &SessionId,
    body: &Value,
) -> Result<Vec<UserDataField>, FieldError> {
    #[derive(Deserialize)]
    struct Text(#[serde(deserialize_with = "bounded::<_, 4000>")] Option<String>);
    let data = body
        .get("userData")
        .and_then(Value::as_object)
        .ok_or_else(|| FieldError::new("userData", "required", "`userData` must be an object"))?;
    let known = data.iter().filter(|(name, _)| USER_DATA_FIELDS.contains(&name.as_str()));
    known
        .map(|(name, value)| {
            let field = format!("userData.{name}");
            let text = read::<Text>(&field, value)?.0.unwrap_or_default();
            let sealed = cx
                .app
                .sealer
                .seal(session_id.as_str(), &text)
                .map_err(|_| FieldError::new(field, "invalid", "cannot be kept safely"))?;
            Ok(UserDataField { name: name.clone(), sealed })
        })
        .collect()
}

/// Whether the cart holds the concept check alone.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct UpdateOhneNestMode {
    #[serde(flatten)]
    envelope: Envelope,
    /// The session.
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,128}$")]
    session_id: String,
    /// The cart holds the concept check alone.
    is_ohne_nest_mode: bool,
}

/// Keeps whether the cart holds the concept check alone.
#[utoipa::path(
    post, path = "/api/sessions/update-ohne-nest-mode", tag = "sessions",
    request_body = UpdateOhneNestMode,
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events.", body = Kept),
        (status = 202, description = "Kept; answer to clients that name their events.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn update_ohne_nest_mode(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let read = |_: &SessionId| {
        Ok(Payload::Fact(SessionFact::OhneNestMode(flag(&body, "isOhneNestMode")?)))
    };
    let legacy = |id: &SessionId| {
        json!({
            "success": true,
            "sessionId": id,
            "isOhneNestMode": body.get("isOhneNestMode"),
            "timestamp": cx.now.timestamp_millis(),
        })
    };
    update(&cx, &body, SESSION_ID_REQUIRED, read, legacy).await
}
