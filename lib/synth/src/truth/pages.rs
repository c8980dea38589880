//! Which ways visits took, where they ended, and what was done on pages (definitions b6, b10).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::book::{Book, TOUR, Visit};

/// Visits of those who may be counted, by a page, a category, the cart or the completion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeCounts {
    /// Came by it.
    pub visits: u64,
    /// Ended at it, as the last page that was opened.
    pub ended: u64,
    /// Those of them without an order.
    pub left: u64,
}

/// Visits by how far they came in the funnel and no further.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LevelCounts {
    /// All of them.
    pub ended: u64,
    /// Those without an order.
    pub left: u64,
    /// Those without anything in the cart and without a completion.
    pub left_without_cart: u64,
}

/// What follows the last node of a way.
const EXIT: &str = "$exit";

/// What comes before the first node of a way.
const ENTRY: &str = "$entry";

/// Visits by the position of a node, from 0, the node, and the one after it.
pub type Steps = Vec<BTreeMap<String, BTreeMap<String, u64>>>;

/// Ways of those who may be counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ways {
    /// By what they came by.
    pub nodes: BTreeMap<String, NodeCounts>,
    /// From the begin on.
    pub steps: Steps,
    /// From the end back.
    pub steps_back: Steps,
    /// By the last step of the funnel that was reached.
    pub levels: [LevelCounts; 5],
    /// Milliseconds from each step of the funnel to the next, one of each visit that came to it.
    #[serde(skip)]
    pub step_times: [Vec<i64>; 4],
    /// By device, visits that took each step of the [`TOUR`].
    pub tours: BTreeMap<String, [u64; TOUR.len()]>,
}

impl Ways {
    pub(super) fn add(&mut self, visit: &Visit, device: &str) {
        let ordered = visit.order_cents.is_some();
        for node in visit.way.iter().collect::<BTreeSet<_>>() {
            self.nodes.entry(node.clone()).or_default().visits += 1;
        }
        let last = self.nodes.entry(visit.last_page.clone()).or_default();
        last.ended += 1;
        last.left += u64::from(!ordered);
        if let Some(level) = self.levels.get_mut(visit.step_at.len() - 1) {
            level.ended += 1;
            level.left += u64::from(!ordered);
            level.left_without_cart += u64::from(!visit.converted());
        }
        let between = visit.step_at.iter().zip(visit.step_at.iter().skip(1));
        for ((from, to), times) in between.zip(&mut self.step_times) {
            times.push((*to - *from).num_milliseconds());
        }
        let tours = self.tours.entry(device.to_owned()).or_default();
        for taken in tours.iter_mut().take(visit.toured) {
            *taken += 1;
        }
        let way = || visit.way.iter().map(String::as_str);
        add_steps(&mut self.steps, way().chain([EXIT]));
        add_steps(&mut self.steps_back, way().rev().chain([ENTRY]));
    }
}

/// Adds a way with what comes after it.
fn add_steps<'a>(all: &mut Steps, way: impl Iterator<Item = &'a str> + Clone) {
    for (position, (node, next)) in way.clone().zip(way.skip(1)).enumerate() {
        if all.len() == position {
            all.push(BTreeMap::new());
        }
        if let Some(steps) = all.get_mut(position) {
            let after = steps.entry(node.to_owned()).or_default();
            *after.entry(next.to_owned()).or_default() += 1;
        }
    }
}

/// What everybody did on pages, whomever it counts for.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deeds {
    /// Clicks by page and element.
    pub clicks: BTreeMap<String, BTreeMap<String, u64>>,
    /// Page views by page and by how far down they came, in per cent.
    pub scrolls: BTreeMap<String, BTreeMap<i64, u64>>,
    /// Sessions in which a choice was taken back, by category.
    pub taken_back: BTreeMap<String, u64>,
    /// Measured values by their names.
    #[serde(skip)]
    pub measured: BTreeMap<String, Vec<f64>>,
}

impl Deeds {
    pub(super) fn add(&mut self, book: &Book) {
        for ((page, element), clicks) in &book.clicks {
            let elements = self.clicks.entry(page.clone()).or_default();
            *elements.entry(element.clone()).or_default() += clicks;
        }
        for view in &book.page_views {
            let depths = self.scrolls.entry(view.page.clone()).or_default();
            *depths.entry(view.depth).or_default() += 1;
        }
        for category in &book.taken_back {
            *self.taken_back.entry(category.clone()).or_default() += 1;
        }
        for (name, value) in &book.measured {
            self.measured.entry(name.clone()).or_default().push(*value);
        }
    }
}
