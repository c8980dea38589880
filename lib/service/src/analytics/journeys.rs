//! Which ways visits take, as flows from node to node (definitions b6).
//!
//! Whole ways over whole days are read from sums by day; everything else visit by visit, the same ways
//! together.

use std::collections::HashMap;

use axum::Json;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use nest_haus_domain::analytics::{
    Anchor, DEPTH_MAX, Extent, Flow, FlowGraph, FlowLink, Period, Rate, View,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::change::{ComparedCount, ComparedRate};
use super::choice::{bounded, choice, refused};
use super::meta::{Meta, excluded};
use super::range::{AskedCompared, ComparisonQuery, Range, RangeQuery};
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, Problem, ProblemDocument};
use crate::platform::begin_report;
use crate::queue;

const DEPTH_DEFAULT: usize = 6;
const LIMIT_DEFAULT: usize = 8;
const LIMIT_MAX: usize = 50;

/// Most nodes that are looked at, or not.
const NODES_MAX: usize = 50;

/// Which part of which ways.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct JourneysQuery {
    /// `start` (default), `end`: read backwards, or `between` two nodes.
    anchor: Option<String>,
    /// The node that ways are read from: a page, a category, `cart` or `completion`.
    node: Option<String>,
    /// The node that ways are read to, with `between`.
    node2: Option<String>,
    /// The only nodes to look at, separated by commas.
    include: Option<String>,
    /// Nodes not to look at, separated by commas.
    exclude: Option<String>,
    /// How many nodes of a way, 1 to 20 (default 6).
    depth: Option<usize>,
    /// How many nodes by name at each depth, 1 to 50 (default 8).
    limit: Option<usize>,
}

impl JourneysQuery {
    fn check(self) -> Result<(View, Extent), Problem> {
        let anchors = [Anchor::Start, Anchor::End, Anchor::Between];
        let anchors = anchors.map(|anchor| (anchor.as_str(), anchor));
        let anchor = choice("anchor", self.anchor.as_deref(), &anchors)?;
        let extent = Extent {
            depth: bounded("depth", self.depth, DEPTH_DEFAULT, 1..=DEPTH_MAX)?,
            limit: bounded("limit", self.limit, LIMIT_DEFAULT, 1..=LIMIT_MAX)?,
            terminal: anchor.terminal(),
        };
        match (anchor, &self.node, &self.node2) {
            (Anchor::Between, None, _) => return Err(refused("node", "`between` needs it")),
            (Anchor::Between, _, None) => return Err(refused("node2", "`between` needs it")),
            (Anchor::Start | Anchor::End, _, Some(_)) => {
                return Err(refused("node2", "goes with the anchor `between`"));
            }
            _ => {}
        }
        let include = nodes("include", self.include.as_deref())?;
        let exclude = nodes("exclude", self.exclude.as_deref())?;
        Ok((View { anchor, node: self.node, node2: self.node2, include, exclude }, extent))
    }
}

fn nodes<T: FromIterator<String>>(field: &'static str, list: Option<&str>) -> Result<T, Problem> {
    let names =
        || list.into_iter().flat_map(|list| list.split(',')).filter(|name| !name.is_empty());
    if names().count() > NODES_MAX {
        return Err(refused(field, format!("at most {NODES_MAX} nodes")));
    }
    Ok(names().map(str::to_owned).collect())
}

/// Which ways visits take.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Journeys {
    /// From where ways are read.
    anchor: Anchor,
    /// Visits, nodes by depth, and the links between them. Of each node, the visits are those of the
    /// links from it; to `$exit` (`$entry`) go those that end (begin) there.
    #[serde(flatten)]
    flow: FlowGraph,
    /// The period that this one is compared with.
    comparison: Option<JourneysComparison>,
    /// What the report says about itself.
    meta: Meta,
}

/// The period that flows are compared with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct JourneysComparison {
    /// First instant covered.
    from: DateTime<Utc>,
    /// First instant after it.
    to: DateTime<Utc>,
    /// Visits that are looked at.
    visits: ComparedCount,
    /// The links of this period, in their order.
    links: Vec<ComparedLink>,
}

/// A link from one node to one at the next depth.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ComparedLink {
    /// The depth of the node that it comes from.
    depth: usize,
    /// The node that it comes from.
    from: String,
    /// The node that it goes to.
    to: String,
    /// Visits that went this way, of all that are looked at.
    share: ComparedRate,
}

/// Flows of visits from node to node.
#[utoipa::path(
    get, path = "/api/admin/analytics/journeys", tag = "analytics",
    params(JourneysQuery, RangeQuery, ComparisonQuery), security(("admin" = [])),
    responses(
        (status = 200, description = "The flows.", body = Journeys),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not for this role.", body = ProblemDocument),
        (status = 422, description = "Unknown parameter or value.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn journeys(
    cx: Context,
    _: May<ReadAnalytics>,
    AskedCompared { range, comparison, query }: AskedCompared<JourneysQuery>,
) -> Result<Json<Journeys>, Problem> {
    let (view, extent) = query.check()?;
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("journeys", &range, queues.as_deref(), cx.now);
    let mut tx = begin_report(&cx.app.db, cx.app.config.request_timeout).await?;
    meta.excluded = excluded(&mut tx, range.populations, range.period).await?;
    let flow = read(&mut tx, &range, &view, extent.depth).await?.graph(extent);
    let comparison = match comparison {
        Some(period) => {
            let before = read(&mut tx, &range.over(period), &view, extent.depth).await?;
            Some(JourneysComparison::of(period, &flow, &before.graph_like(&flow, extent)))
        }
        None => None,
    };
    Ok(Json(Journeys { anchor: view.anchor, flow, comparison, meta }))
}

impl JourneysComparison {
    fn of(period: Period, after: &FlowGraph, before: &FlowGraph) -> Self {
        let key = |link: &FlowLink| (link.depth, link.from.clone(), link.to.clone());
        let visits_then: HashMap<_, i64> =
            before.links.iter().map(|link| (key(link), link.visits)).collect();
        let link = |link: &FlowLink| {
            let then = visits_then.get(&key(link)).copied().unwrap_or(0);
            let share = Rate::new(link.visits, after.visits);
            ComparedLink {
                depth: link.depth,
                from: link.from.clone(),
                to: link.to.clone(),
                share: ComparedRate::of(share, Rate::new(then, before.visits)),
            }
        };
        Self {
            from: period.from,
            to: period.to,
            visits: ComparedCount::of(after.visits, before.visits),
            links: after.links.iter().map(link).collect(),
        }
    }
}

/// Reads the ways of a range as far as a view sees them.
async fn read(
    db: &mut PgConnection,
    range: &Range,
    view: &View,
    depth: usize,
) -> Result<Flow, sqlx::Error> {
    let mut flow = Flow::default();
    if view.is_plain() {
        read_days(db, range, (view.anchor, depth), &mut flow).await?;
        read_between_days(db, range, view, &mut flow).await?;
    } else {
        read_paths(db, range, view, &mut flow).await?;
    }
    Ok(flow)
}

/// Reads the whole days of a range from their sums.
async fn read_days(
    db: &mut PgConnection,
    range: &Range,
    (anchor, depth): (Anchor, usize),
    flow: &mut Flow,
) -> Result<(), sqlx::Error> {
    let mut rows = sqlx::query!(
        r#"WITH days AS MATERIALIZED (
            SELECT part_from AS day FROM rollup_parts($1, $2) WHERE grain = 'day')
         SELECT depth, node, next, sum(visits)::bigint AS "visits!"
         FROM path_edges JOIN days USING (day)
         WHERE anchor = $3::text::path_anchor AND depth <= $4
            AND population = ANY ($5::text[]::population[])
         GROUP BY depth, node, next"#,
        range.period.from,
        range.period.to,
        anchor.as_str(),
        i16::try_from(depth).unwrap_or(i16::MAX),
        &range.populations.names(),
    )
    .fetch(db);
    while let Some(row) = rows.try_next().await? {
        let depth = usize::try_from(row.depth).unwrap_or_default();
        flow.note_edge(depth, (&row.node, row.next.as_deref()), row.visits);
    }
    Ok(())
}

/// Reads what of a range is not in whole days visit by visit.
async fn read_between_days(
    db: &mut PgConnection,
    range: &Range,
    view: &View,
    flow: &mut Flow,
) -> Result<(), sqlx::Error> {
    // `OFFSET 0` has the visits of each part found by its index.
    let mut rows = sqlx::query!(
        r#"SELECT path AS "path!", count(*) AS "visits!"
         FROM rollup_parts($1, $2)
         CROSS JOIN LATERAL (
            SELECT path FROM visits JOIN visit_paths USING (session_key, number)
            WHERE started_at >= part_from AND started_at < part_to
                AND population = ANY ($3::text[]::population[])
            OFFSET 0) AS of_part
         WHERE grain IS DISTINCT FROM 'day'
         GROUP BY path"#,
        range.period.from,
        range.period.to,
        &range.populations.names(),
    )
    .fetch(db);
    while let Some(row) = rows.try_next().await? {
        if let Some(nodes) = view.of(&row.path) {
            flow.note_path(&nodes, row.visits);
        }
    }
    Ok(())
}

/// Reads the ways of a whole range, the same ones together.
async fn read_paths(
    db: &mut PgConnection,
    range: &Range,
    view: &View,
    flow: &mut Flow,
) -> Result<(), sqlx::Error> {
    let passed: Vec<String> = [&view.node, &view.node2].into_iter().flatten().cloned().collect();
    let mut rows = sqlx::query!(
        r#"SELECT path, count(*) AS "visits!"
         FROM visits JOIN visit_paths USING (session_key, number)
         WHERE started_at >= $1 AND started_at < $2
            AND population = ANY ($3::text[]::population[]) AND path @> $4::text[]
         GROUP BY path"#,
        range.period.from,
        range.period.to,
        &range.populations.names(),
        &passed,
    )
    .fetch(db);
    while let Some(row) = rows.try_next().await? {
        if let Some(nodes) = view.of(&row.path) {
            flow.note_path(&nodes, row.visits);
        }
    }
    Ok(())
}

/// Sums up the ways of visits anew for some days (UTC), from both ends, and the visits by node.
pub async fn refresh_path_edges(
    db: &mut PgConnection,
    days: &[DateTime<Utc>],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH gone AS (DELETE FROM path_nodes WHERE day = ANY ($1))
         DELETE FROM path_edges WHERE day = ANY ($1)",
        days
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "INSERT INTO path_edges (day, anchor, depth, population, node, next, visits)
         SELECT day, edge.anchor, edge.depth, population, edge.node, edge.next, sum(visits)
         FROM (
            SELECT day, population, path, count(*) AS visits
            FROM unnest($1::timestamptz[]) AS day
            JOIN visits ON started_at >= day AND started_at < day + interval '1 day'
            JOIN visit_paths USING (session_key, number)
            GROUP BY day, population, path
         ) AS way
         CROSS JOIN LATERAL unnest(path) WITH ORDINALITY AS step (node, place)
         CROSS JOIN LATERAL (VALUES
            ('start'::path_anchor, place, step.node, path[place + 1]),
            ('end', cardinality(path) + 1 - place, step.node, path[place - 1])
         ) AS edge (anchor, depth, node, next)
         GROUP BY day, edge.anchor, edge.depth, population, edge.node, edge.next",
        days
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "INSERT INTO path_nodes (day, population, node, visits)
         SELECT day, population, step.node, count(*)
         FROM unnest($1::timestamptz[]) AS day
         JOIN visits ON started_at >= day AND started_at < day + interval '1 day'
         JOIN visit_paths USING (session_key, number)
         CROSS JOIN LATERAL (SELECT DISTINCT node FROM unnest(path) AS node) AS step
         GROUP BY day, population, step.node",
        days
    )
    .execute(&mut *db)
    .await?;
    Ok(())
}
