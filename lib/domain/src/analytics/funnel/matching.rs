//! Distinct events for steps: matchings in a bipartite graph, by augmenting paths (Kuhn 1955).

use super::STEPS_MAX;

/// Events matched to steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matching {
    /// The event of each step.
    events: [Option<usize>; STEPS_MAX],
}

impl Matching {
    pub(super) const EMPTY: Self = Self { events: [None; STEPS_MAX] };

    /// How many steps have an event.
    pub(super) fn size(&self) -> usize {
        self.events.iter().flatten().count()
    }

    /// The events in use, by their places, in order.
    pub(super) fn places(&self) -> Vec<usize> {
        let mut places: Vec<usize> = self.events.iter().flatten().copied().collect();
        places.sort_unstable();
        places
    }

    /// The event of each of some steps in a row, if all of them have one.
    pub(super) fn of_steps(&self, first: usize, count: usize) -> Option<Vec<usize>> {
        self.events[first..first + count].iter().copied().collect()
    }

    /// Gives an event a step, moving others where that helps; false where none is left. Events that
    /// have a step keep one.
    pub(super) fn add(&mut self, masks: &[u32], event: usize) -> bool {
        self.augment(masks, event, &mut 0)
    }

    fn augment(&mut self, masks: &[u32], event: usize, tried: &mut u32) -> bool {
        for step in 0..STEPS_MAX {
            if masks[event] >> step & 1 == 0 || *tried >> step & 1 == 1 {
                continue;
            }
            *tried |= 1 << step;
            let free = match self.events[step] {
                None => true,
                Some(other) => self.augment(masks, other, tried),
            };
            if free {
                self.events[step] = Some(event);
                return true;
            }
        }
        false
    }
}

/// Distinct events for `count` steps in a row from `first` on, if there are any.
pub(super) fn match_steps(masks: &[u32], first: usize, count: usize) -> Option<Vec<usize>> {
    let wanted = ((1_u32 << count) - 1) << first;
    let narrowed: Vec<u32> = masks.iter().map(|mask| mask & wanted).collect();
    let mut matching = Matching::EMPTY;
    for event in 0..narrowed.len() {
        matching.add(&narrowed, event);
    }
    matching.of_steps(first, count)
}
