//! Clicks, scroll depths, indecision and quick-backs, counted by day; and what heat maps read of them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use nest_haus_domain::analytics::{
    Click, Effect, Look, Moment, Period, breakpoint, grid_cell, indecisions, quick_backs, rages,
};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// What nobody said.
const NOT_SET: &str = "(not set)";

/// The cell of clicks of which the place is not known.
const NO_CELL: i32 = -1;

/// Longest names of pages, elements and layouts, in characters.
const NAME_CHARS_MAX: usize = 200;

/// Most pages and elements that are listed.
const LISTED_MAX: i64 = 500;

/// Most cells of an answer.
const CELLS_MAX: i64 = 20_000;

/// Makes the counts of one day that changed anew; answers how many days. Days whose clicks have lost their
/// places stay marked, for whoever takes the places away. Inside the caller's transaction, of which there
/// must not be two at once.
pub(super) async fn refresh_stale_days(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let days = sqlx::query_scalar!(
        "WITH taken AS (
            DELETE FROM stale_heatmap_days
            WHERE day = (SELECT min(day) FROM stale_heatmap_days WHERE day >= kept_since('points'))
            RETURNING day)
         SELECT DISTINCT day FROM taken"
    )
    .fetch_all(&mut *db)
    .await?;
    for day in &days {
        refresh_heatmaps(db, *day).await?;
    }
    Ok(u64::try_from(days.len()).unwrap_or(u64::MAX))
}

/// Makes the counts of a day in UTC anew from its interactions. What goes on over midnight is two.
async fn refresh_heatmaps(db: &mut PgConnection, day: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH gone AS (DELETE FROM heatmap_cells WHERE day = $1),
            also_gone AS (DELETE FROM scroll_depths WHERE day = $1),
            gone_too AS (DELETE FROM quick_backs WHERE day = $1)
         DELETE FROM indecisions WHERE day = $1",
        day
    )
    .execute(&mut *db)
    .await?;
    let counts = DayCounts::read(db, day).await?;
    counts.write_cells(db, day).await?;
    counts.write_indecisions(db, day).await?;
    counts.write_quick_backs(db, day).await?;
    count_scroll_depths(db, day).await
}

/// One interaction, as far as clicks and choices go.
struct Step {
    session_key: Uuid,
    tab_id: Option<String>,
    at: DateTime<Utc>,
    event_type: String,
    category: String,
    element_id: Option<String>,
    value: Option<String>,
    previous: Option<String>,
    changes: bool,
    time_spent_ms: Option<i64>,
    viewport_width: Option<i32>,
    page: Option<String>,
    layout_version: Option<String>,
    position: Vec<Option<f64>>,
    deliberate: bool,
}

/// Where clicks are counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    page: String,
    element_id: String,
    breakpoint: &'static str,
    layout_version: String,
    cell: i32,
}

/// What is counted of a day.
#[derive(Default)]
struct DayCounts {
    /// Clicks, rages and dead clicks.
    spots: BTreeMap<Spot, [i64; 3]>,
    indecisions: ByCategory,
    quick_backs: ByCategory,
}

/// Sessions and times, by category.
#[derive(Default)]
struct ByCategory(BTreeMap<String, [i64; 2]>);

impl ByCategory {
    /// Adds how often something happened in one session.
    fn add<T: AsRef<str>>(&mut self, of_session: BTreeMap<T, i64>) {
        for (category, times) in of_session {
            let [sessions, all_times] = self.0.entry(named(category.as_ref())).or_default();
            *sessions += 1;
            *all_times += times;
        }
    }

    /// The categories, with their sessions and times.
    fn columns(&self) -> (Vec<String>, Vec<i64>, Vec<i64>) {
        let counts = |place: usize| -> Vec<i64> {
            self.0.values().filter_map(|counts| counts.get(place).copied()).collect()
        };
        (self.0.keys().cloned().collect(), counts(0), counts(1))
    }
}

impl DayCounts {
    async fn read(db: &mut PgConnection, day: DateTime<Utc>) -> Result<Self, sqlx::Error> {
        let mut counts = Self::default();
        let mut of_session: Vec<Step> = Vec::new();
        let mut steps = sqlx::query_as!(
            Step,
            r#"SELECT session_key, tab_id, occurred_at AS at, event_type, category, element_id,
                selection_value AS value, previous_value AS previous,
                event_type = 'selection' AND selection_value IS DISTINCT FROM previous_value
                    AS "changes!",
                time_spent_ms, viewport_width, additional_data ->> 'page' AS page,
                additional_data ->> 'layoutVersion' AS layout_version,
                CASE WHEN event_type LIKE '%click' THEN
                    ARRAY(SELECT CASE jsonb_typeof(additional_data -> name)
                            WHEN 'number' THEN (additional_data ->> name)::double precision END
                        FROM unnest(ARRAY['x', 'y', 'clientX', 'clientY'])
                            WITH ORDINALITY AS t (name, place)
                        ORDER BY place)
                    ELSE '{}' END AS "position!: Vec<Option<f64>>",
                coalesce(additional_data ->> 'noRage' = 'true', false) AS "deliberate!"
             FROM interaction_events WHERE occurred_at >= $1 AND occurred_at < $2
             ORDER BY session_key, occurred_at, coalesce(seq, 0), event_id"#,
            day,
            day + TimeDelta::days(1)
        )
        .fetch(db);
        while let Some(step) = steps.try_next().await? {
            if of_session.first().is_some_and(|first| first.session_key != step.session_key) {
                counts.add(&std::mem::take(&mut of_session));
            }
            of_session.push(step);
        }
        counts.add(&of_session);
        Ok(counts)
    }

    /// Adds one session.
    fn add(&mut self, steps: &[Step]) {
        let moments: Vec<Moment> = steps.iter().map(Step::moment).collect();
        self.indecisions.add(indecisions(&moments));
        self.quick_backs.add(quick_backs(steps.iter().filter_map(Step::look)));
        let mut tabs: HashMap<Option<&str>, Vec<(Spot, Click, &Step)>> = HashMap::new();
        let mut pages: HashMap<Option<&str>, &str> = HashMap::new();
        for step in steps {
            let tab = step.tab_id.as_deref();
            if let Some(page) = step.page_come_to() {
                pages.insert(tab, page);
            }
            if step.is_click() {
                let spot = step.spot(pages.get(&tab).copied());
                tabs.entry(tab).or_default().push((spot, step.click(), step));
            }
        }
        for clicks in tabs.into_values() {
            self.add_clicks(&clicks);
        }
    }

    /// Adds the clicks of one tab.
    fn add_clicks(&mut self, clicks: &[(Spot, Click, &Step)]) {
        for (spot, _, step) in clicks {
            let [all, _, dead] = self.spots.entry(spot.clone()).or_default();
            match step.event_type.as_str() {
                "dead_click" => *dead += 1,
                "rage_click" => {}
                _ => *all += 1,
            }
        }
        let impatient = clicks.iter().filter(|(_, _, step)| step.may_be_rage());
        let (spots, impatient): (Vec<&Spot>, Vec<Click>) =
            impatient.map(|(spot, click, _)| (spot, *click)).unzip();
        for index in rages(&impatient) {
            if let Some(spot) = spots.get(index) {
                let [_, rage, _] = self.spots.entry((*spot).clone()).or_default();
                *rage += 1;
            }
        }
    }

    async fn write_cells(
        &self,
        db: &mut PgConnection,
        day: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let of = |field: fn(&Spot) -> &str| -> Vec<String> {
            self.spots.keys().map(|spot| field(spot).to_owned()).collect()
        };
        let cells: Vec<i32> = self.spots.keys().map(|spot| spot.cell).collect();
        let counts = |place: usize| -> Vec<i64> {
            self.spots.values().filter_map(|counts| counts.get(place).copied()).collect()
        };
        sqlx::query!(
            "INSERT INTO heatmap_cells
             SELECT $1::timestamptz, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[],
                $6::integer[], $7::bigint[], $8::bigint[], $9::bigint[])",
            day,
            &of(|spot| &spot.page),
            &of(|spot| &spot.element_id),
            &of(|spot| spot.breakpoint),
            &of(|spot| &spot.layout_version),
            &cells,
            &counts(0),
            &counts(1),
            &counts(2)
        )
        .execute(db)
        .await?;
        Ok(())
    }

    async fn write_indecisions(
        &self,
        db: &mut PgConnection,
        day: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let (categories, sessions, times) = self.indecisions.columns();
        sqlx::query!(
            "INSERT INTO indecisions
             SELECT $1::timestamptz, * FROM unnest($2::text[], $3::bigint[], $4::bigint[])",
            day,
            &categories,
            &sessions,
            &times
        )
        .execute(db)
        .await?;
        Ok(())
    }

    async fn write_quick_backs(
        &self,
        db: &mut PgConnection,
        day: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let (categories, sessions, times) = self.quick_backs.columns();
        sqlx::query!(
            "INSERT INTO quick_backs
             SELECT $1::timestamptz, * FROM unnest($2::text[], $3::bigint[], $4::bigint[])",
            day,
            &categories,
            &sessions,
            &times
        )
        .execute(db)
        .await?;
        Ok(())
    }
}

impl Step {
    fn moment(&self) -> Moment {
        let effect = match &self.value {
            Some(option) if self.changes => Effect::Selection {
                category: self.category.clone(),
                option: option.clone(),
                previous: self.previous.clone(),
            },
            _ => Effect::None,
        };
        let engaged_ms = self.time_spent_ms.filter(|_| self.event_type == "engagement");
        Moment { at: self.at, tab: self.tab_id.clone(), seq: None, engaged_ms, effect }
    }

    /// What it does with categories, with its tab and time.
    fn look(&self) -> Option<(Option<&str>, DateTime<Utc>, Look<'_>)> {
        let look = match self.event_type.as_str() {
            "category_opened" => Look::Opens(&self.category),
            "category_closed" | "page_visit" | "page_view" | "page_exit" => Look::Leaves,
            "selection" if self.changes => Look::Changes(&self.category),
            _ => return None,
        };
        Some((self.tab_id.as_deref(), self.at, look))
    }

    fn page_come_to(&self) -> Option<&str> {
        let comes = matches!(self.event_type.as_str(), "page_visit" | "page_view")
            && self.time_spent_ms.is_none();
        self.value.as_deref().filter(|_| comes)
    }

    fn is_click(&self) -> bool {
        matches!(self.event_type.as_str(), "click" | "button_click" | "dead_click" | "rage_click")
    }

    /// A dead click is reported beside the click itself; a stepper is made for many clicks.
    fn may_be_rage(&self) -> bool {
        self.event_type != "dead_click" && !self.deliberate
    }

    fn click(&self) -> Click {
        let place = match self.position[..] {
            [_, _, Some(x), Some(y)] => Some((x, y)),
            _ => None,
        };
        Click { at: self.at, place, reported: self.event_type == "rage_click" }
    }

    fn spot(&self, visited: Option<&str>) -> Spot {
        let cell = match self.position[..] {
            [Some(x), Some(y), _, _] => grid_cell(x, y),
            _ => None,
        };
        let page = self.page.as_deref().or(visited).unwrap_or(NOT_SET);
        Spot {
            page: named(page.split(['?', '#']).next().unwrap_or_default()),
            element_id: named(self.element_id.as_deref().unwrap_or(NOT_SET)),
            breakpoint: breakpoint(self.viewport_width),
            layout_version: named(self.layout_version.as_deref().unwrap_or(NOT_SET)),
            cell: cell.unwrap_or(NO_CELL),
        }
    }
}

/// A name of bounded length.
fn named(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect()
}

/// How far down each page view came: the greatest depth until the tab comes to the next page. A page
/// view without any says 0.
async fn count_scroll_depths(db: &mut PgConnection, day: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r"INSERT INTO scroll_depths
         WITH steps AS (
            SELECT session_key, tab_id, occurred_at, coalesce(seq, 0) AS seq, event_id, device_type,
                event_type LIKE 'page\_%' AS comes,
                CASE WHEN event_type LIKE 'page\_%' THEN selection_value
                    ELSE additional_data ->> 'page' END AS page,
                CASE WHEN event_type LIKE 'page\_%' THEN NULL
                    WHEN jsonb_typeof(additional_data -> 'depth') = 'number'
                    THEN (additional_data ->> 'depth')::double precision
                    WHEN selection_value ~ '^[0-9]{1,3}(\.[0-9]+)?$'
                    THEN selection_value::double precision END AS depth
            FROM interaction_events
            WHERE occurred_at >= $1 AND occurred_at < $1 + interval '1 day'
                AND (event_type IN ('scroll', 'scroll_depth')
                    OR event_type IN ('page_visit', 'page_view') AND time_spent_ms IS NULL)
         ), numbered AS (
            SELECT *, count(*) FILTER (WHERE comes) OVER (
                PARTITION BY session_key, tab_id ORDER BY occurred_at, seq, event_id) AS page_view
            FROM steps
         ), page_views AS (
            SELECT coalesce(max(page) FILTER (WHERE comes), max(page)) AS page,
                max(device_type) AS device, max(depth) AS depth
            FROM numbered GROUP BY session_key, tab_id, page_view)
         SELECT $1, left(coalesce(regexp_replace(page, '[?#].*$', ''), '(not set)'), 200),
            left(coalesce(device, '(not set)'), 100),
            floor(least(greatest(coalesce(depth, 0), 0), 100))::smallint, count(*)
         FROM page_views GROUP BY 2, 3, 4",
        day
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A page with clicks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClickedPage {
    page: String,
    elements: i64,
    clicks: i64,
    rage: i64,
    dead: i64,
}

pub(super) async fn pages(
    db: &mut PgConnection,
    days: Period,
) -> Result<Vec<ClickedPage>, sqlx::Error> {
    sqlx::query_as!(
        ClickedPage,
        r#"SELECT page, count(DISTINCT element_id) AS "elements!", sum(clicks)::bigint AS "clicks!",
            sum(rage)::bigint AS "rage!", sum(dead)::bigint AS "dead!"
         FROM heatmap_cells WHERE day >= $1 AND day < $2
         GROUP BY page ORDER BY 3 DESC, 1 LIMIT $3"#,
        days.from,
        days.to,
        LISTED_MAX
    )
    .fetch_all(db)
    .await
}

/// An element with clicks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClickedElement {
    element_id: String,
    clicks: i64,
    rage: i64,
    dead: i64,
    /// Clicks of which the place is not known: they are in no cell.
    placeless: i64,
}

pub(super) async fn elements(
    db: &mut PgConnection,
    days: Period,
    page: &str,
) -> Result<Vec<ClickedElement>, sqlx::Error> {
    sqlx::query_as!(
        ClickedElement,
        r#"SELECT element_id, sum(clicks)::bigint AS "clicks!", sum(rage)::bigint AS "rage!",
            sum(dead)::bigint AS "dead!",
            coalesce(sum(clicks) FILTER (WHERE cell = -1), 0)::bigint AS "placeless!"
         FROM heatmap_cells WHERE day >= $1 AND day < $2 AND page = $3
         GROUP BY element_id ORDER BY 2 DESC, 1 LIMIT $4"#,
        days.from,
        days.to,
        page,
        LISTED_MAX
    )
    .fetch_all(db)
    .await
}

/// A cell with clicks.
pub(super) struct CellCounts {
    pub(super) breakpoint: String,
    pub(super) layout_version: String,
    pub(super) cell: i32,
    pub(super) clicks: i64,
    pub(super) rage: i64,
    pub(super) dead: i64,
}

/// The cells of an element, by width class and layout.
pub(super) async fn cells(
    db: &mut PgConnection,
    days: Period,
    (page, element): (&str, &str),
) -> Result<Vec<CellCounts>, sqlx::Error> {
    sqlx::query_as!(
        CellCounts,
        r#"SELECT breakpoint, layout_version, cell, sum(clicks)::bigint AS "clicks!",
            sum(rage)::bigint AS "rage!", sum(dead)::bigint AS "dead!"
         FROM heatmap_cells
         WHERE day >= $1 AND day < $2 AND page = $3 AND element_id = $4 AND cell >= 0
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT $5"#,
        days.from,
        days.to,
        page,
        element,
        CELLS_MAX
    )
    .fetch_all(db)
    .await
}

/// Page views by device that came down to each depth and no further.
pub(super) struct DepthCounts {
    pub(super) device: String,
    pub(super) depth: i16,
    pub(super) page_views: i64,
}

pub(super) async fn scroll_depths(
    db: &mut PgConnection,
    days: Period,
    page: &str,
) -> Result<Vec<DepthCounts>, sqlx::Error> {
    sqlx::query_as!(
        DepthCounts,
        r#"SELECT device, depth, sum(page_views)::bigint AS "page_views!"
         FROM scroll_depths WHERE day >= $1 AND day < $2 AND page = $3
         GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 10000"#,
        days.from,
        days.to,
        page
    )
    .fetch_all(db)
    .await
}

/// A category that visitors could not decide in, or left at once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CategoryFriction {
    category: String,
    /// Sessions, by day.
    sessions: i64,
    /// How often.
    times: i64,
}

pub(super) async fn indecision(
    db: &mut PgConnection,
    days: Period,
) -> Result<Vec<CategoryFriction>, sqlx::Error> {
    sqlx::query_as!(
        CategoryFriction,
        r#"SELECT category, sum(sessions)::bigint AS "sessions!", sum(times)::bigint AS "times!"
         FROM indecisions WHERE day >= $1 AND day < $2
         GROUP BY category ORDER BY 2 DESC, 1 LIMIT $3"#,
        days.from,
        days.to,
        LISTED_MAX
    )
    .fetch_all(db)
    .await
}

pub(super) async fn quick_backs_by_category(
    db: &mut PgConnection,
    days: Period,
) -> Result<Vec<CategoryFriction>, sqlx::Error> {
    sqlx::query_as!(
        CategoryFriction,
        r#"SELECT category, sum(sessions)::bigint AS "sessions!", sum(times)::bigint AS "times!"
         FROM quick_backs WHERE day >= $1 AND day < $2
         GROUP BY category ORDER BY 2 DESC, 1 LIMIT $3"#,
        days.from,
        days.to,
        LISTED_MAX
    )
    .fetch_all(db)
    .await
}

/// How many days of a range are about to be counted anew.
pub(super) async fn stale_days(db: &mut PgConnection, days: Period) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(DISTINCT day) AS "days!" FROM stale_heatmap_days WHERE day >= $1 AND day < $2"#,
        days.from,
        days.to
    )
    .fetch_one(db)
    .await
}
