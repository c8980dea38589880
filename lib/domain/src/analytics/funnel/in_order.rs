//! Steps one after the other, with anything in between or with nothing.
//!
//! One pass over the events keeps, for each number of steps, the attempts under way that could still
//! matter: the one that began last, and where a step has a window of its own also those that began
//! earlier but came to their last step later. Events that no order tells apart are taken together, and an
//! attempt may go through several of them.

use std::collections::VecDeque;
use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};

use super::events::UnitEvent;
use super::matching::match_steps;
use super::{FunnelRules, Order, Outcome, STEPS_MAX, Ties};

/// The outcome of the best attempt.
pub(super) fn attempt(rules: &FunnelRules, events: &[UnitEvent]) -> Option<Outcome> {
    let mut scan = Scan::new(rules, events);
    let mut next = 0;
    while next < events.len() && scan.settled[rules.steps - 1].is_none() {
        let group = next..next + scan.tied(next);
        next = group.end;
        if group.len() == 1 && events[group.start].exclusions == 0 && rules.order == Order::Ordered
        {
            scan.take_one(group.start);
        } else {
            scan.take(group);
        }
    }
    scan.outcome()
}

/// An attempt under way.
#[derive(Debug, Clone, Copy)]
struct Chain {
    length: usize,
    places: [u32; STEPS_MAX],
}

impl Chain {
    const EMPTY: Self = Self { length: 0, places: [0; STEPS_MAX] };

    fn then(mut self, place: usize) -> Self {
        self.places[self.length] = u32::try_from(place).unwrap_or(u32::MAX);
        self.length += 1;
        self
    }

    fn place(&self, step: usize) -> usize {
        self.places[step] as usize
    }

    fn start(&self, events: &[UnitEvent]) -> DateTime<Utc> {
        events[self.place(0)].at
    }

    fn last(&self, events: &[UnitEvent]) -> DateTime<Utc> {
        events[self.place(self.length - 1)].at
    }
}

/// The attempt of each length that some tied events make; the one that began last.
type Advanced = [Option<Chain>; STEPS_MAX];

struct Scan<'a> {
    rules: &'a FunnelRules,
    events: &'a [UnitEvent],
    /// By length minus one: what can go on. Ordered by last step, and then none began before the next.
    under_way: Vec<VecDeque<Chain>>,
    /// By length minus one: what an exclusion can still make void, in the order of finishing.
    voidable: Vec<Vec<Chain>>,
    /// By length minus one: the attempt that counts.
    settled: Advanced,
    /// The greatest length of an attempt that was made void.
    void_length: usize,
}

impl<'a> Scan<'a> {
    fn new(rules: &'a FunnelRules, events: &'a [UnitEvent]) -> Self {
        Self {
            rules,
            events,
            under_way: vec![VecDeque::new(); rules.steps],
            voidable: vec![Vec::new(); rules.steps],
            settled: [None; STEPS_MAX],
            void_length: 0,
        }
    }

    /// How many events from `first` on are taken together.
    fn tied(&self, first: usize) -> usize {
        let event = &self.events[first];
        let same = |other: &&UnitEvent| {
            other.at == event.at && (self.rules.ties == Ties::Strict || other.seq == event.seq)
        };
        self.events[first..].iter().take_while(same).count()
    }

    /// Takes an event that stands alone, which most do: the last step first, so that it serves one only.
    fn take_one(&mut self, place: usize) {
        let event = &self.events[place];
        for before in (0..self.rules.steps).rev() {
            if event.steps >> before & 1 == 0 {
                continue;
            }
            if let Some(chain) = self.open(before, event.at) {
                let longer = chain.then(place);
                self.keep(longer);
                self.reach(longer);
            }
        }
    }

    fn take(&mut self, group: Range<usize>) {
        let masks: Vec<u32> = self.events[group.clone()].iter().map(|event| event.steps).collect();
        let exclusions = self.events[group.clone()].iter().fold(0, |all, e| all | e.exclusions);
        let at = self.events[group.start].at;
        let (reached, going_on) = self.advance(&masks, &group, at);
        self.exclude(exclusions, at);
        if self.rules.order == Order::Strict {
            self.under_way.iter_mut().for_each(VecDeque::clear);
        }
        for chain in going_on.into_iter().flatten() {
            self.keep(chain);
        }
        for chain in reached.into_iter().flatten() {
            self.reach(chain);
        }
    }

    /// The attempts that tied events make, and those of them that can go on.
    fn advance(
        &mut self,
        masks: &[u32],
        group: &Range<usize>,
        at: DateTime<Utc>,
    ) -> (Advanced, Advanced) {
        let all = masks.iter().fold(0, |all, mask| all | mask);
        let longest = if self.rules.ties == Ties::Strict { 1 } else { masks.len() };
        let (mut reached, mut going_on): (Advanced, Advanced) =
            ([None; STEPS_MAX], [None; STEPS_MAX]);
        for before in 0..self.rules.steps {
            if all >> before & 1 == 0 {
                continue;
            }
            let Some(chain) = self.open(before, at) else { continue };
            for count in 1..=longest.min(self.rules.steps - before) {
                let Some(places) = match_steps(masks, before, count) else { break };
                let places = places.into_iter().map(|place| group.start + place);
                let longer = places.fold(chain, Chain::then);
                self.prefer(&mut reached[before + count - 1], longer);
                // Where nothing may come in between, what is left of the group comes before a first
                // step, but after an attempt that goes through it.
                if self.rules.order != Order::Strict || before == 0 || count == masks.len() {
                    self.prefer(&mut going_on[before + count - 1], longer);
                }
            }
        }
        (reached, going_on)
    }

    /// The attempt of a length that can go on at some time: the one that began last.
    fn open(&mut self, length: usize, at: DateTime<Utc>) -> Option<Chain> {
        if length == 0 {
            let entry = self.rules.entry;
            return (at >= entry.from && at < entry.to).then_some(Chain::EMPTY);
        }
        let own = self.step_window(length);
        let (events, chains) = (self.events, &mut self.under_way[length - 1]);
        while chains.front().is_some_and(|c| own.is_some_and(|own| at - c.last(events) > own)) {
            chains.pop_front();
        }
        let chain = *chains.front()?;
        let in_time = self.rules.window.is_none_or(|window| at - chain.start(events) <= window);
        in_time.then_some(chain)
    }

    /// The window of the step after `length` steps.
    fn step_window(&self, length: usize) -> Option<TimeDelta> {
        self.rules.step_windows.get(length - 1).copied().flatten()
    }

    fn prefer(&self, best: &mut Option<Chain>, chain: Chain) {
        if best.is_none_or(|best| chain.start(self.events) > best.start(self.events)) {
            *best = Some(chain);
        }
    }

    /// Keeps an attempt that can go on, and drops those that it is better than.
    fn keep(&mut self, chain: Chain) {
        if chain.length == self.rules.steps {
            return;
        }
        let (start, own) = (chain.start(self.events), self.step_window(chain.length));
        let (events, chains) = (self.events, &mut self.under_way[chain.length - 1]);
        if own.is_none() && chains.back().is_some_and(|kept| kept.start(events) >= start) {
            return;
        }
        while chains.back().is_some_and(|kept| kept.start(events) <= start) {
            chains.pop_back();
        }
        chains.push_back(chain);
    }

    /// Notes how far an attempt came, and whether that is for good.
    fn reach(&mut self, chain: Chain) {
        let events = self.events;
        let at = chain.length - 1;
        if !self.rules.exclusions.iter().any(|e| (e.after..e.before).contains(&chain.length)) {
            self.settled[at].get_or_insert(chain);
        } else if self.voidable[at].iter().all(|other| other.start(events) != chain.start(events)) {
            self.voidable[at].push(chain);
        }
    }

    /// Makes void what an exclusion hits: attempts within their window, after one step and before another.
    /// Attempts that go through the same tied events are not hit by them: they come before or after.
    fn exclude(&mut self, exclusions: u32, at: DateTime<Utc>) {
        let (events, window) = (self.events, self.rules.window);
        for (index, exclusion) in self.rules.exclusions.iter().enumerate() {
            if exclusions >> index & 1 == 0 {
                continue;
            }
            for length in exclusion.after..exclusion.before {
                self.under_way[length - 1].clear();
                for chain in std::mem::take(&mut self.voidable[length - 1]) {
                    if window.is_some_and(|window| at - chain.start(events) > window) {
                        self.settled[length - 1].get_or_insert(chain);
                    } else {
                        self.void_length = self.void_length.max(length);
                    }
                }
            }
        }
    }

    fn outcome(mut self) -> Option<Outcome> {
        for (settled, voidable) in self.settled.iter_mut().zip(&self.voidable) {
            if settled.is_none() {
                *settled = voidable.first().copied();
            }
        }
        let best = self.settled.iter().rev().flatten().next();
        if best.map_or(0, |chain| chain.length) < self.void_length {
            return Some(Outcome::Excluded);
        }
        best.map(|chain| {
            Outcome::Reached((0..chain.length).map(|step| chain.place(step)).collect())
        })
    }
}
