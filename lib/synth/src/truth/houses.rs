//! What houses were configured, and what they cost (definitions b4, b5).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::book::{Book, Configuration};

/// What became of an option in the sessions of those who may be counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionCounts {
    /// Sessions in which it was chosen.
    pub selected: u64,
    /// Those of them whose last configuration is without it.
    pub regretted: u64,
    /// Sessions with a configuration that were shown it.
    pub shown: u64,
    /// Sessions whose last configuration has it, preselected or chosen.
    pub taken: u64,
    /// Those of them that were shown it.
    pub taken_shown: u64,
    /// Those of these in which it was chosen.
    pub taken_chosen: u64,
    /// Sessions whose last configuration has it that put something into the cart or completed.
    pub converted: u64,
}

/// Sessions that had one configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Votes {
    /// What it costs, in cents.
    pub price_cents: i64,
    /// Ended with it.
    pub ended: u64,
    /// Those of them that put something into the cart or completed.
    pub converted: u64,
    /// Those of them that completed or paid.
    pub ordered: u64,
    /// Ever sent it.
    pub ever: u64,
}

/// The houses of those who may be counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Houses {
    /// Sessions with a configuration.
    pub sessions: u64,
    /// Options by category.
    pub options: BTreeMap<String, BTreeMap<String, OptionCounts>>,
    /// Sessions that went from one option to another between two configurations: by category, from, to.
    pub switches: BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>,
    /// Configurations by their choices, written as JSON in the order of categories.
    #[serde(skip)]
    pub configurations: BTreeMap<String, Votes>,
}

impl Houses {
    /// Adds a session that shows the options of a catalogue by category.
    pub(super) fn add(&mut self, book: &Book, offered: &BTreeMap<String, Vec<String>>) {
        for (category, option) in &book.selected {
            let is_kept =
                book.taken().is_some_and(|last| last.selections.option(category) == Some(option));
            let counts = self.option(category, option);
            counts.selected += 1;
            counts.regretted += u64::from(!is_kept);
        }
        let Some(last) = book.taken() else { return };
        self.sessions += 1;
        let shown = offered.iter().filter(|(category, _)| book.shown.contains(*category));
        for (category, option) in shown
            .flat_map(|(category, options)| options.iter().map(move |option| (category, option)))
        {
            self.option(category, option).shown += 1;
        }
        self.add_taken(book, last);
        self.add_votes(book, last);
        self.add_switches(book);
    }

    fn option(&mut self, category: &str, option: &str) -> &mut OptionCounts {
        let options = self.options.entry(category.to_owned()).or_default();
        options.entry(option.to_owned()).or_default()
    }

    fn add_taken(&mut self, book: &Book, last: &Configuration) {
        for (category, choice) in last.selections.iter() {
            let shown = book.shown.contains(category);
            let chosen = book.selected.contains(&(category.to_owned(), choice.option.clone()));
            let counts = self.option(category, &choice.option);
            counts.taken += 1;
            counts.taken_shown += u64::from(shown);
            counts.taken_chosen += u64::from(shown && chosen);
            counts.converted += u64::from(book.converted());
        }
    }

    fn add_votes(&mut self, book: &Book, last: &Configuration) {
        let sent = book.configurations.iter().map(|sent| (choices(sent), sent.price_cents));
        for (choices, price_cents) in sent.collect::<BTreeSet<_>>() {
            let votes = self.configurations.entry(choices).or_default();
            votes.price_cents = price_cents;
            votes.ever += 1;
        }
        let votes = self.configurations.entry(choices(last)).or_default();
        votes.ended += 1;
        votes.converted += u64::from(book.converted());
        votes.ordered += u64::from(book.completed());
    }

    fn add_switches(&mut self, book: &Book) {
        let pairs = book.configurations.windows(2);
        let switches = pairs.flat_map(|pair| {
            let [before, after] = pair else { return Vec::new() };
            let choices = before.selections.iter();
            let switch = choices.filter_map(|(category, from)| {
                let to = after.selections.option(category)?;
                (to != from.option)
                    .then(|| (category.to_owned(), from.option.clone(), to.to_owned()))
            });
            switch.collect()
        });
        for (category, from, to) in switches.collect::<BTreeSet<_>>() {
            let of_category = self.switches.entry(category).or_default();
            *of_category.entry(from).or_default().entry(to).or_default() += 1;
        }
    }
}

/// The choices of a configuration as JSON, which has its categories in order.
fn choices(configuration: &Configuration) -> String {
    // Choices always become JSON.
    serde_json::to_string(&configuration.selections).unwrap_or_default()
}
