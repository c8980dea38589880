//! A slow and simple answer to the same question: every chain of distinct events is looked at.

use chrono::{DateTime, Utc};

use super::{FunnelRules, Order, Ties, UnitEvent, UnitEvents};

/// What the best attempt is: its length, when it finishes and begins; nothing without any. An error
/// where an exclusion leaves the unit out.
pub(super) type Answer = Result<Option<(usize, DateTime<Utc>, DateTime<Utc>)>, ()>;

pub(super) fn answer(rules: &FunnelRules, events: &UnitEvents) -> Answer {
    let oracle = Oracle { rules, events: events.as_slice() };
    let mut chains = Vec::new();
    oracle.extend(&mut Vec::new(), &mut chains);
    let formed: Vec<Vec<usize>> =
        chains.into_iter().filter(|chain| oracle.is_formed(chain)).collect();
    let (void, clean): (Vec<_>, Vec<_>) =
        formed.into_iter().partition(|chain| oracle.is_hit_later(chain));
    let longest = |chains: &[Vec<usize>]| chains.iter().map(Vec::len).max().unwrap_or(0);
    let level = longest(&clean);
    if longest(&void) > level {
        return Err(());
    }
    let times = clean.iter().filter(|chain| chain.len() == level).map(|chain| oracle.span(chain));
    Ok(times
        .max_by_key(|(start, end)| (std::cmp::Reverse(*end), *start))
        .map(|(start, (end, _))| (level, end, start)))
}

struct Oracle<'a> {
    rules: &'a FunnelRules,
    events: &'a [UnitEvent],
}

impl Oracle<'_> {
    /// Where an event stands among those that are ordered.
    fn key(&self, event: usize) -> (DateTime<Utc>, i64) {
        let event = &self.events[event];
        (event.at, if self.rules.ties == Ties::Strict { 0 } else { event.seq })
    }

    /// When a chain begins, and where it ends among the events.
    fn span(&self, chain: &[usize]) -> (DateTime<Utc>, (DateTime<Utc>, i64)) {
        let start = chain.iter().map(|event| self.events[*event].at).min().unwrap();
        let end = chain.iter().map(|event| match self.rules.order {
            Order::Any => (self.events[*event].at, i64::try_from(*event).unwrap()),
            Order::Ordered | Order::Strict => self.key(*event),
        });
        (start, end.max().unwrap())
    }

    fn extend(&self, chain: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
        for event in 0..self.events.len() {
            if chain.contains(&event) {
                continue;
            }
            chain.push(event);
            if self.is_chain(chain) {
                found.push(chain.clone());
                self.extend(chain, found);
            }
            chain.pop();
        }
    }

    fn is_chain(&self, chain: &[usize]) -> bool {
        let (start, (end, _)) = self.span(chain);
        let entry = self.rules.entry;
        start >= entry.from
            && start < entry.to
            && self.rules.window.is_none_or(|window| end - start <= window)
            && match self.rules.order {
                Order::Any => self.is_assignable(chain, 0),
                Order::Ordered => self.is_in_order(chain),
                Order::Strict => self.is_in_order(chain) && self.is_without_gap(chain),
            }
    }

    /// Whether each event can have a step of its own.
    fn is_assignable(&self, chain: &[usize], taken: u32) -> bool {
        let Some((event, rest)) = chain.split_first() else { return true };
        (0..self.rules.steps).any(|step| {
            taken >> step & 1 == 0
                && self.events[*event].steps >> step & 1 == 1
                && self.is_assignable(rest, taken | 1 << step)
        })
    }

    fn is_in_order(&self, chain: &[usize]) -> bool {
        let follows = |step: usize| {
            let (before, event) = (chain[step - 1], chain[step]);
            let own = self.rules.step_windows.get(step - 1).copied().flatten();
            let pause = self.events[event].at - self.events[before].at;
            let later = match self.rules.ties {
                Ties::Log => self.key(event) >= self.key(before),
                Ties::Strict => self.key(event) > self.key(before),
            };
            later && own.is_none_or(|own| pause <= own)
        };
        chain.len() <= self.rules.steps
            && chain
                .iter()
                .enumerate()
                .all(|(step, event)| self.events[*event].steps >> step & 1 == 1)
            && (1..chain.len()).all(follows)
    }

    /// Whether everything between the first and the last event is part of the chain.
    fn is_without_gap(&self, chain: &[usize]) -> bool {
        let first = self.key(chain[0]);
        let last = self.key(chain[chain.len() - 1]);
        (0..self.events.len()).all(|event| {
            let key = self.key(event);
            key <= first || key >= last || chain.contains(&event)
        })
    }

    /// Whether no exclusion stopped the chain on its way.
    fn is_formed(&self, chain: &[usize]) -> bool {
        let last = self.key(chain[chain.len() - 1]);
        !self.hits(chain).any(|(exclusion, key)| {
            let until = if exclusion < chain.len() { self.key(chain[exclusion]) } else { last };
            key < until
        })
    }

    /// Whether an exclusion makes the chain void before it goes on.
    fn is_hit_later(&self, chain: &[usize]) -> bool {
        let last = self.key(chain[chain.len() - 1]);
        let window = self.rules.window;
        let start = self.events[chain[0]].at;
        self.hits(chain).any(|(exclusion, key)| {
            exclusion >= chain.len()
                && key > last
                && window.is_none_or(|window| key.0 - start <= window)
        })
    }

    /// Exclusions after the chain's step that they come after: the place of the step that they come
    /// before, and where they stand. What stands where a step of the chain does comes before or after it,
    /// as suits the chain.
    fn hits(&self, chain: &[usize]) -> impl Iterator<Item = (usize, (DateTime<Utc>, i64))> {
        let rules = self.rules.exclusions.iter().enumerate();
        let begun = rules.filter(|(_, e)| e.after <= chain.len());
        let mut found = Vec::new();
        for (index, exclusion) in begun {
            let after = self.key(chain[exclusion.after - 1]);
            for event in 0..self.events.len() {
                let key = self.key(event);
                let tied = chain.iter().any(|step| self.key(*step) == key);
                if self.events[event].exclusions >> index & 1 == 1 && key > after && !tied {
                    found.push((exclusion.before - 1, key));
                }
            }
        }
        found.into_iter()
    }
}
