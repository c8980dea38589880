//! Annotations: what happened to the business at a moment, to be drawn into charts.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgTransaction;
use uuid::Uuid;

use crate::http::Actor;

/// Something that happened to the business.
pub struct Annotation<'a> {
    /// When it takes effect.
    pub at: DateTime<Utc>,
    /// `price_list` for example.
    pub kind: &'a str,
    /// What a chart shows.
    pub title: &'a str,
    /// More about it.
    pub detail: Value,
}

/// Keeps an annotation, in the transaction of what it is about.
pub async fn annotate(
    tx: &mut PgTransaction<'_>,
    annotation: Annotation<'_>,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO annotations (id, at, kind, title, detail, created_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        Uuid::now_v7(),
        annotation.at,
        annotation.kind,
        annotation.title,
        annotation.detail,
        now,
        actor.as_str(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
