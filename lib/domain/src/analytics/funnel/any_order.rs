//! Steps in any order: as many as possible within one window.

use super::events::UnitEvent;
use super::matching::Matching;
use super::{FunnelRules, STEPS_MAX};

/// The attempt with the most steps; of several the one that finishes first, then begins last.
pub(super) fn attempt(rules: &FunnelRules, events: &[UnitEvent]) -> Option<Vec<usize>> {
    let places: Vec<usize> = (0..events.len())
        .filter(|place| events[*place].steps != 0 && events[*place].at >= rules.entry.from)
        .collect();
    let masks: Vec<u32> = places.iter().map(|place| events[*place].steps).collect();
    let begins = |index: usize| events[places[index]].at < rules.entry.to;
    let mut window = Window::new(&masks);
    let mut best: Vec<usize> = Vec::new();
    for last in 0..places.len() {
        window.push(last);
        let end = events[places[last]].at;
        while rules.window.is_some_and(|w| end - events[places[window.first]].at > w) {
            window.pop();
        }
        if !begins(window.first) || best.len() == rules.steps {
            break;
        }
        if window.kinds() <= best.len() {
            continue;
        }
        let mut found = window.matching();
        if found.size() <= best.len() {
            continue;
        }
        while window.first < last && begins(window.first + 1) {
            let mut later = window.clone();
            later.pop();
            let matching = later.matching();
            if matching.size() < found.size() {
                break;
            }
            (window, found) = (later, matching);
        }
        best = found.places();
    }
    (!best.is_empty()).then(|| best.into_iter().map(|index| places[index]).collect())
}

/// Events from one to another, with how many of them satisfy each step.
#[derive(Clone)]
struct Window<'a> {
    masks: &'a [u32],
    first: usize,
    end: usize,
    by_step: [usize; STEPS_MAX],
}

impl<'a> Window<'a> {
    const fn new(masks: &'a [u32]) -> Self {
        Self { masks, first: 0, end: 0, by_step: [0; STEPS_MAX] }
    }

    fn push(&mut self, event: usize) {
        self.end = event + 1;
        for (step, count) in self.by_step.iter_mut().enumerate() {
            *count += (self.masks[event] >> step & 1) as usize;
        }
    }

    fn pop(&mut self) {
        for (step, count) in self.by_step.iter_mut().enumerate() {
            *count -= (self.masks[self.first] >> step & 1) as usize;
        }
        self.first += 1;
    }

    /// How many steps have an event at all: no matching has more.
    fn kinds(&self) -> usize {
        self.by_step.iter().filter(|count| **count > 0).count()
    }

    /// A matching of the most steps, with the earliest events. Once an event found no step, no later
    /// one of its kind does.
    fn matching(&self) -> Matching {
        let mut matching = Matching::EMPTY;
        let mut left_out: Vec<u32> = Vec::new();
        for event in self.first..self.end {
            let mask = self.masks[event];
            if !left_out.contains(&mask) && !matching.add(self.masks, event) {
                left_out.push(mask);
            }
        }
        matching
    }
}
