//! Evaluating the rules: signals are measured first; then one transaction reads incidents, takes each a step
//! further, writes them and queues their messages. Two evaluations at once wait for each other, and the
//! second finds what the first did.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use nest_haus_domain::monitoring::{Change, Incident, IncidentState, RuleId, Signal, step};
use nest_haus_domain::notifications::Kind;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::incidents::{self, About, Key, Stored};
use super::rules::{Edited, EditedRules, edited_rules};
use super::{anomalies, measured, outage, requests};
use crate::http::Problem;
use crate::notifications::{AlertMail, queue_alert};
use crate::operations::Run;
use crate::platform::{App, begin, begin_report};

/// Where alerts are shown, under the public address.
const PAGE: &str = "/admin/alerts";

/// What an evaluation did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationReport {
    /// Values that were measured.
    signals: usize,
    /// What could not be measured, by the part of the system.
    unread: Vec<&'static str>,
    /// Incidents that began.
    fired: Vec<String>,
    /// Incidents that began again.
    reopened: Vec<String>,
    /// Incidents that are over.
    resolved: Vec<String>,
    /// Incidents that are open now.
    open: usize,
    /// Messages that were queued.
    queued: u64,
}

/// Evaluates every rule; `missed` are the signals of jobs.
pub async fn evaluate(run: &Run, missed: Vec<Signal>) -> Result<EvaluationReport, Problem> {
    let (mut signals, unread) = measure(run).await?;
    signals.extend(missed);
    let mut report = EvaluationReport { signals: signals.len(), unread, ..Default::default() };
    let told = outage::told_of(&run.app).await;
    let mut tx = begin(&run.app.db).await?;
    incidents::lock(&mut tx).await?;
    if let Some(since) = told {
        outage::keep(&mut tx, since, run.now).await?;
    }
    let edited = edited_rules(&mut tx).await?;
    let mut evaluation =
        Evaluation { app: &run.app, now: run.now, edited: &edited, report: &mut report };
    evaluation.step_all(&mut tx, signals).await?;
    tx.commit().await?;
    if told.is_some() {
        outage::forget(&run.app).await;
    }
    Ok(report)
}

/// All signals, and what could not be measured. What cannot be measured is no reason not to look at the
/// rest, but where the database is out of reach there is no rest.
async fn measure(run: &Run) -> Result<(Vec<Signal>, Vec<&'static str>), Problem> {
    let (app, now) = (&run.app, run.now);
    let queues = measured::queues(app).await;
    let mut signals = measured::of_queues(&queues, &app.config, now);
    // This very evaluation shows that it answers.
    signals.push(Signal::about(RuleId::Dependency, "postgresql", 0.0, 1));
    let mut unread = Vec::new();
    for part in ["requests", "database", "anomalies"] {
        let mut db = begin_report(&app.db, run.budget).await?;
        let found = match part {
            "requests" => requests::signals(&mut db, now).await,
            "database" => measured::of_database(&mut db, &queues, now).await,
            _ => anomalies::signals(&mut db, &queues, now).await,
        };
        match found {
            Ok(found) => signals.extend(found),
            Err(error) => {
                tracing::error!(?error, part, "not measured");
                unread.push(part);
            }
        }
    }
    Ok((signals, unread))
}

/// One evaluation, inside its transaction.
struct Evaluation<'a> {
    app: &'a App,
    now: DateTime<Utc>,
    edited: &'a EditedRules,
    report: &'a mut EvaluationReport,
}

impl Evaluation<'_> {
    async fn step_all(
        &mut self,
        db: &mut PgConnection,
        signals: Vec<Signal>,
    ) -> Result<(), sqlx::Error> {
        let mut stored = incidents::latest(&mut *db, self.now).await?;
        let measured: BTreeMap<Key, Signal> = signals
            .into_iter()
            .map(|signal| ((signal.rule, signal.subject.clone()), signal))
            .collect();
        let keys: BTreeSet<Key> = measured.keys().chain(stored.keys()).cloned().collect();
        for key in keys {
            let (stored, signal) = (stored.remove(&key), measured.get(&key));
            self.step(&mut *db, &key, stored, signal).await?;
        }
        Ok(())
    }

    async fn step(
        &mut self,
        db: &mut PgConnection,
        key: &Key,
        stored: Option<Stored>,
        signal: Option<&Signal>,
    ) -> Result<(), sqlx::Error> {
        let rule = key.0;
        let edited = self.edited.get(&rule).cloned().unwrap_or_default();
        let settings = edited.settings(rule);
        let latest = stored.as_ref().map(|stored| stored.incident);
        let measured = signal.map(|signal| (signal.value, signal.count));
        let (incident, change) = match latest {
            _ if settings.enabled => step((rule, &settings), latest, measured, self.now),
            Some(incident) if incident.is_open() => {
                (Some(incident.resolved(self.now)), Change::Resolved)
            }
            _ => (latest, Change::None),
        };
        let Some(incident) = incident.filter(|_| change != Change::None) else { return Ok(()) };
        self.note(key, change, &incident);
        let id = match stored.as_ref().filter(|_| change != Change::Fired) {
            Some(stored) => stored.id,
            None => Uuid::now_v7(),
        };
        let was_notified =
            stored.as_ref().is_some_and(|stored| stored.id == id && stored.is_notified);
        let to_tell =
            !was_notified && incident.state == IncidentState::Firing && !edited.is_muted(self.now);
        let about = About {
            severity: settings.severity.as_str(),
            threshold: settings.threshold,
            detail: signal.map(|signal| &signal.detail[..]),
            notified_at: to_tell.then_some(self.now),
        };
        incidents::write(&mut *db, key, (id, &incident), &about).await?;
        if to_tell || (change == Change::Resolved && was_notified) {
            self.tell(&mut *db, key, (id, &incident), &edited).await?;
        }
        Ok(())
    }

    fn note(&mut self, (rule, subject): &Key, change: Change, incident: &Incident) {
        let name = match subject.as_str() {
            "" => rule.as_str().to_owned(),
            subject => format!("{} ({subject})", rule.as_str()),
        };
        self.report.open += usize::from(incident.is_open());
        match change {
            Change::Fired => self.report.fired.push(name),
            Change::Reopened => self.report.reopened.push(name),
            Change::Resolved => self.report.resolved.push(name),
            Change::None | Change::Continues => {}
        }
    }

    /// Queues the message of an incident that goes on, or that is over.
    async fn tell(
        &mut self,
        db: &mut PgConnection,
        (rule, subject): &Key,
        (id, incident): (Uuid, &Incident),
        edited: &Edited,
    ) -> Result<(), sqlx::Error> {
        let (threshold, detail) = incidents::details(&mut *db, id).await?;
        let is_over = !incident.is_open();
        let value = if is_over { incident.peak } else { incident.value };
        let mail = AlertMail {
            title: rule.title(),
            severity: edited.settings(*rule).severity.as_str().to_owned(),
            subject: Some(subject.clone()).filter(|subject| !subject.is_empty()),
            value: rule.unit().value(value),
            threshold: rule.unit().value(threshold),
            detail,
            started_at: incident.started_at,
            resolved_at: incident.resolved_at,
            path: PAGE.to_owned(),
        };
        let (kind, key) = if is_over {
            (Kind::AlertResolved, format!("alert_resolved:{id}"))
        } else {
            (Kind::Alert, format!("alert:{id}"))
        };
        self.report.queued += queue_alert(self.app, db, (kind, &key), mail, self.now).await?;
        Ok(())
    }
}
