//! Where visits end without converting, and after what (definitions b3, b6).

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::histogram::Histogram;
use super::visit::FUNNEL_STEPS;

/// Most names of one kind that are told apart; all others count together.
const NAMES_MAX: usize = 2000;

/// What visits have in common that end without a page, an event or a category.
pub const NOT_SET: &str = "(not set)";

/// Visits that ended alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The last step of the funnel that they reached, beginning with 1.
    pub level: usize,
    /// The last page.
    pub page: Option<String>,
    /// The last thing done.
    pub event: Option<String>,
    /// Its category.
    pub category: Option<String>,
    /// The kind of device.
    pub device: String,
    /// The bucket of the histogram that the attention of each falls into.
    pub engaged_bucket: i32,
    /// How many, converted or not.
    pub ended: i64,
    /// How many of them left without converting.
    pub left: i64,
    /// Attention that those who left had paid, in milliseconds.
    pub engaged_ms: i64,
}

/// Visits that ended somewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaving {
    /// How many, converted or not.
    pub ended: i64,
    /// How many of them left without converting.
    pub left: i64,
    /// Attention that those who left had paid, in milliseconds.
    pub engaged_ms: i64,
    /// Those who left, by device.
    pub devices: BTreeMap<String, i64>,
}

impl Leaving {
    fn note(&mut self, ending: &Ending) {
        self.ended += ending.ended;
        self.left += ending.left;
        self.engaged_ms += ending.engaged_ms;
        *self.devices.entry(ending.device.clone()).or_default() += ending.left;
    }

    fn add(&mut self, other: &Self) {
        self.ended += other.ended;
        self.left += other.left;
        self.engaged_ms += other.engaged_ms;
        for (device, left) in &other.devices {
            *self.devices.entry(device.clone()).or_default() += left;
        }
    }

    /// The mean attention of those who left, in milliseconds; nothing where nobody did.
    #[must_use]
    pub fn mean_engaged_ms(&self) -> Option<i64> {
        (self.left > 0).then(|| self.engaged_ms / self.left)
    }
}

/// Visits that ended, by name.
#[derive(Debug, Default)]
pub struct LeavingByName(HashMap<String, Leaving>);

impl LeavingByName {
    fn note(&mut self, name: Option<&str>, ending: &Ending) {
        let name = name.filter(|name| !name.is_empty()).unwrap_or(NOT_SET);
        let full = self.0.len() >= NAMES_MAX && !self.0.contains_key(name);
        let name = if full { super::attribution::OTHER } else { name };
        self.0.entry(name.to_owned()).or_default().note(ending);
    }

    /// The names at which most left, and all others together. What has no name of its own is never
    /// among the former.
    #[must_use]
    pub fn top(self, limit: usize) -> (Vec<(String, Leaving)>, Leaving) {
        let mut other = Leaving::default();
        let mut ranked = Vec::new();
        for (name, leaving) in self.0 {
            if name == super::attribution::OTHER {
                other.add(&leaving);
            } else {
                ranked.push((name, leaving));
            }
        }
        ranked.sort_by(|a, b| (Reverse(a.1.left), &a.0).cmp(&(Reverse(b.1.left), &b.0)));
        for (_, leaving) in ranked.iter().skip(limit) {
            other.add(leaving);
        }
        ranked.truncate(limit);
        (ranked, other)
    }
}

/// Where visits end. Its size depends on the number of different names alone.
#[derive(Debug, Default)]
pub struct DropOff {
    /// All of them.
    pub all: Leaving,
    /// By the last step of the funnel that they reached.
    pub levels: [Leaving; FUNNEL_STEPS.len()],
    /// By the last page.
    pub pages: LeavingByName,
    /// By the last thing done.
    pub events: LeavingByName,
    /// By the category of the last thing done.
    pub categories: LeavingByName,
    /// Attention that those who left had paid, in milliseconds, by level.
    pub engaged: [Histogram; FUNNEL_STEPS.len()],
}

impl DropOff {
    /// Notes visits that ended alike.
    pub fn note(&mut self, ending: &Ending) {
        self.all.note(ending);
        let level = ending.level.wrapping_sub(1);
        if let (Some(leaving), Some(engaged)) =
            (self.levels.get_mut(level), self.engaged.get_mut(level))
        {
            leaving.note(ending);
            engaged.add(ending.engaged_bucket, ending.left);
        }
        self.pages.note(ending.page.as_deref(), ending);
        self.events.note(ending.event.as_deref(), ending);
        self.categories.note(ending.category.as_deref(), ending);
    }

    /// How many visits reached a level, beginning with 1.
    #[must_use]
    pub fn reached(&self, level: usize) -> i64 {
        self.levels.iter().skip(level.saturating_sub(1)).map(|leaving| leaving.ended).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ending(level: usize, page: &str, (ended, left): (i64, i64)) -> Ending {
        Ending {
            level,
            page: Some(page.to_owned()),
            event: Some("selection".to_owned()),
            category: (level > 1).then(|| "nest".to_owned()),
            device: if level == 1 { "mobile" } else { "desktop" }.to_owned(),
            engaged_bucket: Histogram::bucket(1000.0),
            ended,
            left,
            engaged_ms: 1000 * left,
        }
    }

    #[test]
    fn those_who_reached_a_level_include_those_who_went_further() {
        let mut all = DropOff::default();
        all.note(&ending(1, "/", (5, 5)));
        all.note(&ending(2, "/konfigurator", (3, 3)));
        all.note(&ending(4, "/warenkorb", (2, 1)));
        assert_eq!([1, 2, 3, 4, 5].map(|level| all.reached(level)), [10, 5, 2, 2, 0]);
        assert_eq!((all.levels[3].left, all.levels[2].left), (1, 0));
        assert_eq!(
            all.all.devices,
            BTreeMap::from([("mobile".to_owned(), 5), ("desktop".to_owned(), 4)])
        );
        let (top, other) = all.pages.top(1);
        assert_eq!((top[0].0.as_str(), top[0].1.left), ("/", 5));
        assert_eq!((other.left, other.ended, other.mean_engaged_ms()), (4, 5, Some(1000)));
        let (categories, _) = all.categories.top(9);
        assert_eq!((categories[0].0.as_str(), categories[0].1.left), (NOT_SET, 5));
    }

    #[test]
    fn nobody_has_no_mean() {
        assert_eq!(Leaving::default().mean_engaged_ms(), None);
    }

    proptest! {
        #[test]
        fn every_visit_is_in_each_table_once(
            endings in proptest::collection::vec((1_usize..=5, "[a-e]{0,1}", 0_i64..9, 0_i64..9), 0..40),
            limit in 0_usize..6
        ) {
            let mut all = DropOff::default();
            for (level, page, left, converted) in &endings {
                all.note(&ending(*level, page, (left + converted, *left)));
            }
            let left: i64 = endings.iter().map(|(_, _, left, _)| left).sum();
            prop_assert_eq!(all.all.left, left);
            prop_assert_eq!(all.levels.iter().map(|level| level.left).sum::<i64>(), left);
            prop_assert_eq!(all.engaged.iter().map(Histogram::count).sum::<i64>(), left);
            prop_assert_eq!(all.reached(1), all.all.ended);
            for names in [all.pages, all.events, all.categories] {
                let (top, other) = names.top(limit);
                prop_assert!(top.len() <= limit);
                prop_assert!(top.windows(2).all(|pair| pair[0].1.left >= pair[1].1.left));
                let listed: i64 = top.iter().map(|(_, leaving)| leaving.left).sum();
                prop_assert_eq!(listed + other.left, left);
                prop_assert_eq!(other.devices.values().sum::<i64>(), other.left);
            }
        }
    }
}
