//! The rules as they are set, and changing them.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::monitoring::{RuleId, Settings, Severity};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::incidents::COOL_DOWN_MAX;
use crate::accounts::{May, ReadAnalytics, WriteAlerts, record};
use crate::http::{Body, Context, FieldError, Problem, ProblemDocument, read};
use crate::platform::begin;

/// Largest threshold and minimum count.
const THRESHOLD_MAX: f64 = 1e9;
const COUNT_MAX: i64 = 1_000_000_000;

/// What was changed of a rule. What is nothing is as the rule is by itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Edited {
    enabled: Option<bool>,
    threshold: Option<f64>,
    count_min: Option<i64>,
    cool_down_minutes: Option<i32>,
    severity: Option<String>,
    owner: Option<String>,
    pub(super) muted_until: Option<DateTime<Utc>>,
}

/// Every edited rule.
pub(super) type EditedRules = BTreeMap<RuleId, Edited>;

/// Every edited rule.
pub(super) async fn edited_rules(db: &mut PgConnection) -> Result<EditedRules, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT rule, enabled, threshold, count_min, cool_down_minutes, severity, owner, muted_until
         FROM alert_rules"
    )
    .fetch_all(db)
    .await?;
    let edited = rows.into_iter().filter_map(|row| {
        let edited = Edited {
            enabled: row.enabled,
            threshold: row.threshold,
            count_min: row.count_min,
            cool_down_minutes: row.cool_down_minutes,
            severity: row.severity,
            owner: row.owner,
            muted_until: row.muted_until,
        };
        Some((RuleId::of_name(&row.rule)?, edited))
    });
    Ok(edited.collect())
}

impl Edited {
    /// How a rule is set.
    pub(super) fn settings(&self, rule: RuleId) -> Settings {
        let by_itself = rule.defaults();
        let cool_down = self.cool_down_minutes.map(|minutes| TimeDelta::minutes(minutes.into()));
        let severity = self.severity.as_deref().and_then(Severity::of_name);
        Settings {
            enabled: self.enabled.unwrap_or(by_itself.enabled),
            threshold: self.threshold.unwrap_or(by_itself.threshold),
            count_min: self.count_min.unwrap_or(by_itself.count_min),
            clear_factor: by_itself.clear_factor,
            cool_down: cool_down.unwrap_or(by_itself.cool_down),
            severity: severity.unwrap_or(by_itself.severity),
        }
    }

    /// Whether nobody is told.
    pub(super) fn is_muted(&self, now: DateTime<Utc>) -> bool {
        self.muted_until.is_some_and(|until| until > now)
    }
}

/// How a rule is set.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuleSettings {
    /// Whether it is looked at.
    enabled: bool,
    /// Values over this are bad.
    threshold: f64,
    /// Values out of fewer measurements say nothing.
    count_min: i64,
    /// It is over below the threshold times this; 0 where only zero is good.
    clear_factor: f64,
    /// What comes again within so many minutes after it was over is the same incident.
    cool_down_minutes: i64,
    /// `critical` or `warning`.
    severity: Severity,
}

impl From<Settings> for RuleSettings {
    fn from(settings: Settings) -> Self {
        Self {
            enabled: settings.enabled,
            threshold: settings.threshold,
            count_min: settings.count_min,
            clear_factor: settings.clear_factor,
            cool_down_minutes: settings.cool_down.num_minutes(),
            severity: settings.severity,
        }
    }
}

/// Every rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertRules {
    /// Always true.
    success: bool,
    /// Every rule.
    rules: Vec<AlertRule>,
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AlertRule {
    /// Its name.
    #[schema(value_type = String)]
    rule: &'static str,
    /// What it measures.
    #[schema(value_type = String)]
    summary: &'static str,
    /// `ms`, `minutes`, `share` (from 0 to 1), `times`, `count` or `score`.
    #[schema(value_type = String)]
    unit: &'static str,
    /// How it is set.
    settings: RuleSettings,
    /// How it is by itself.
    defaults: RuleSettings,
    /// Whether anything was changed.
    edited: bool,
    /// Who sees to it.
    owner: Option<String>,
    /// Until when nobody is told.
    muted_until: Option<DateTime<Utc>>,
}

/// Every rule, as it is set and as it is by itself.
#[utoipa::path(
    get, path = "/api/admin/alerts/rules", tag = "operations", security(("admin" = [])),
    responses((status = 200, description = "Every rule.", body = AlertRules))
)]
pub async fn get_alert_rules(
    cx: Context,
    _: May<ReadAnalytics>,
) -> Result<Json<AlertRules>, Problem> {
    let mut db = cx.app.db.acquire().await?;
    let mut edited = edited_rules(&mut db).await?;
    let rules = RuleId::ALL.iter().map(|rule| {
        let edited = edited.remove(rule).unwrap_or_default();
        AlertRule {
            rule: rule.as_str(),
            summary: rule.summary(),
            unit: rule.unit().as_str(),
            settings: edited.settings(*rule).into(),
            defaults: rule.defaults().into(),
            edited: Edited { muted_until: None, ..edited.clone() } != Edited::default(),
            muted_until: edited.muted_until.filter(|until| *until > cx.now),
            owner: edited.owner,
        }
    });
    Ok(Json(AlertRules { success: true, rules: rules.collect() }))
}

/// A rule as it is to be set. What is left out or null is as the rule is by itself.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertRuleChange {
    /// The rule.
    rule: String,
    /// Whether it is looked at.
    enabled: Option<bool>,
    /// Values over this are bad; in the rule's unit.
    #[schema(minimum = 0)]
    threshold: Option<f64>,
    /// Values out of fewer measurements say nothing.
    #[schema(minimum = 0)]
    count_min: Option<i64>,
    /// What comes again within so many minutes after it was over is the same incident; at most 10080.
    #[schema(minimum = 0, maximum = 10080)]
    cool_down_minutes: Option<i32>,
    /// `critical` or `warning`.
    #[schema(value_type = Option<String>)]
    severity: Option<Severity>,
    /// Who sees to it.
    #[schema(min_length = 1, max_length = 200)]
    owner: Option<String>,
}

/// The rule of a name, or a refusal that names the field.
pub(super) fn rule_of_name(name: &str) -> Result<RuleId, Problem> {
    RuleId::of_name(name).ok_or_else(|| {
        let names: Vec<&str> = RuleId::ALL.iter().map(|rule| rule.as_str()).collect();
        let message = format!("must be one of {}", names.join(", "));
        Problem::field(FieldError::new("rule", "invalid", message))
    })
}

impl AlertRuleChange {
    fn check(&self) -> Result<(), Problem> {
        let mut errors = Vec::new();
        let mut refuse = |field: &str, is_allowed: bool, message: String| {
            if !is_allowed {
                errors.push(FieldError::new(field, "invalid", message));
            }
        };
        let threshold = self.threshold.unwrap_or(0.0);
        let allowed = format!("must be 0 to {THRESHOLD_MAX}");
        refuse("threshold", (0.0..=THRESHOLD_MAX).contains(&threshold), allowed);
        let count_min = self.count_min.unwrap_or(0);
        refuse(
            "countMin",
            (0..=COUNT_MAX).contains(&count_min),
            format!("must be 0 to {COUNT_MAX}"),
        );
        let cool_down: i64 = self.cool_down_minutes.unwrap_or(0).into();
        let longest = COOL_DOWN_MAX.num_minutes();
        refuse(
            "coolDownMinutes",
            (0..=longest).contains(&cool_down),
            format!("must be 0 to {longest}"),
        );
        let owner = self.owner.as_deref().unwrap_or("-");
        let fits = (1..=200).contains(&owner.chars().count()) && !owner.contains(char::is_control);
        refuse("owner", fits, "must have 1 to 200 characters on one line".to_owned());
        if errors.is_empty() { Ok(()) } else { Err(Problem::Invalid(errors)) }
    }
}

/// Sets a rule. Evaluations from now on go by it; incidents that are open stay what they are.
#[utoipa::path(
    put, path = "/api/admin/alerts/rules", tag = "operations", request_body = AlertRuleChange,
    security(("admin" = [])),
    responses(
        (status = 204, description = "In force."),
        (status = 422, description = "Fields invalid.", body = ProblemDocument),
    )
)]
pub async fn put_alert_rule(
    cx: Context,
    may: May<WriteAlerts>,
    Body(body): Body,
) -> Result<StatusCode, Problem> {
    let change: AlertRuleChange = read("", &body).map_err(Problem::field)?;
    let rule = rule_of_name(&change.rule)?;
    change.check()?;
    let mut tx = begin(&cx.app.db).await?;
    sqlx::query!(
        "INSERT INTO alert_rules
            (rule, enabled, threshold, count_min, cool_down_minutes, severity, owner, changed_at, changed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (rule) DO UPDATE SET enabled = excluded.enabled, threshold = excluded.threshold,
            count_min = excluded.count_min, cool_down_minutes = excluded.cool_down_minutes,
            severity = excluded.severity, owner = excluded.owner, changed_at = excluded.changed_at,
            changed_by = excluded.changed_by",
        rule.as_str(),
        change.enabled,
        change.threshold,
        change.count_min,
        change.cool_down_minutes,
        change.severity.map(Severity::as_str),
        change.owner,
        cx.now,
        may.actor.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    let detail = serde_json::to_value(&change)?;
    record(&mut tx, &may.actor, ("alert_rule.change", rule.as_str()), &detail, cx.now).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A rule that nobody is to be told of for a while.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mute {
    /// The rule.
    rule: String,
    /// Until when; null to be told again.
    until: Option<DateTime<Utc>>,
}

/// Mutes a rule: its incidents are kept and nobody is told, until then. What still goes on by then is told.
#[utoipa::path(
    post, path = "/api/admin/alerts/mute", tag = "operations", request_body = Mute,
    security(("admin" = [])),
    responses(
        (status = 204, description = "Muted, or not any more."),
        (status = 422, description = "Fields invalid.", body = ProblemDocument),
    )
)]
pub async fn mute_alert_rule(
    cx: Context,
    may: May<WriteAlerts>,
    Body(body): Body,
) -> Result<StatusCode, Problem> {
    let mute: Mute = read("", &body).map_err(Problem::field)?;
    let rule = rule_of_name(&mute.rule)?;
    if mute.until.is_some_and(|until| until <= cx.now) {
        let message = "must lie ahead, or be null";
        return Err(Problem::field(FieldError::new("until", "invalid", message)));
    }
    let mut tx = begin(&cx.app.db).await?;
    sqlx::query!(
        "INSERT INTO alert_rules (rule, muted_until, changed_at, changed_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (rule) DO UPDATE SET muted_until = excluded.muted_until,
            changed_at = excluded.changed_at, changed_by = excluded.changed_by",
        rule.as_str(),
        mute.until,
        cx.now,
        may.actor.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    let detail = json!({"until": mute.until});
    record(&mut tx, &may.actor, ("alert_rule.mute", rule.as_str()), &detail, cx.now).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
