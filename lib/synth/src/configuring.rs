//! What visitors do in the configurator: choose, see a price, waver, stay or leave.

use chrono::TimeDelta;
use nest_haus_domain::configurator::{
    Catalogue, Category, Choice, ChoiceKind, PriceList, Selections, price,
};
use nest_haus_domain::tracking::{Interaction, Payload, Snapshot, Trigger};
use serde_json::{Map, Value, json};

use crate::behaviour::{CHOOSES, LEAVING_LOG_ODDS, LEAVING_PER_10_000_EUROS, SYNC_AFTER, WAVERS};
use crate::book::Configuration;
use crate::dice::Dice;
use crate::tab::{Tab, interaction};

/// A house that is being configured.
pub(crate) struct House<'a> {
    list: &'a PriceList,
    selections: Selections,
    pub(crate) price_cents: i64,
    /// The configuration was not sent since it changed.
    unsent: bool,
}

impl<'a> House<'a> {
    /// The house that the configurator begins with.
    pub(crate) fn preselected(list: &'a PriceList) -> Self {
        let mut selections = Selections::default();
        for category in offered(&list.catalogue) {
            if let Some(option) = category.default_option() {
                selections.set(&category.id, Choice { option: option.id.clone(), quantity: None });
            }
        }
        let price_cents = price(&selections, list).total_cents;
        Self { list, selections, price_cents, unsent: false }
    }

    /// The whole configuration as the client sends it.
    fn configuration(&self) -> Value {
        let item = |(category, choice): (&str, &Choice)| {
            let mut item = json!({"category": category, "value": choice.option});
            if let Some(quantity) = choice.quantity {
                item["quantity"] = json!(quantity);
            }
            (category.to_owned(), item)
        };
        let mut configuration: Map<String, Value> = self.selections.iter().map(item).collect();
        configuration.insert("totalPrice".to_owned(), json!(self.price_cents / 100));
        Value::Object(configuration)
    }

    /// Sends the configuration.
    pub(crate) fn send(&mut self, tab: &mut Tab<'_>, trigger: Trigger) {
        self.unsent = false;
        let (selections, price_cents) = (self.selections.clone(), self.price_cents);
        tab.book.configurations.push(Configuration { selections, price_cents });
        tab.tell(Payload::Snapshot(Snapshot {
            trigger,
            configuration: self.configuration(),
            total_price_cents: Some(self.price_cents),
            ohne_nest_mode: (trigger == Trigger::CartAdd).then_some(false),
            exits: false,
            completes: trigger == Trigger::OrderAttempt,
        }));
    }

    /// Goes through the categories; false if the visitor left before the last.
    pub(crate) fn configure(&mut self, tab: &mut Tab<'_>) -> bool {
        let list = self.list;
        for category in offered(&list.catalogue) {
            if !tab.dice.chance(CHOOSES) {
                continue;
            }
            show_options(tab, category);
            let before = self.selections.get(&category.id).cloned();
            let Some(mut leaves) = self.choose(tab, category) else { continue };
            if !leaves && tab.dice.chance(WAVERS) && category.choice == ChoiceKind::One {
                leaves = self.take_back(tab, category, before);
            }
            if leaves || tab.is_long() {
                self.pause_to_send(tab);
                return false;
            }
        }
        self.pause_to_send(tab);
        true
    }

    /// Chooses in a category, and tells whether the visitor leaves for the price.
    fn choose(&mut self, tab: &mut Tab<'_>, category: &Category) -> Option<bool> {
        tab.dwell();
        let current = self.selections.get(&category.id);
        let choice = drawn(tab.dice, category, &self.selections, &self.list.catalogue)?;
        if current == Some(&choice) {
            return None;
        }
        let jump = self.select(tab, category, choice);
        let leaves = tab.dice.chance(leaving(jump));
        tab.book.price_jumps.push((jump, leaves));
        Some(leaves)
    }

    /// Returns to what was chosen before, which nobody leaves for.
    fn take_back(
        &mut self,
        tab: &mut Tab<'_>,
        category: &Category,
        before: Option<Choice>,
    ) -> bool {
        if let Some(before) = before {
            let chosen_at = tab.now;
            tab.dwell();
            let jump = self.select(tab, category, before);
            tab.book.note_taken_back(&category.id, (chosen_at, tab.now));
            tab.book.price_jumps.push((jump, false));
        }
        false
    }

    /// Puts a choice in place of another; answers by how much the price rose, in cents.
    fn select(&mut self, tab: &mut Tab<'_>, category: &Category, choice: Choice) -> i64 {
        if self.unsent && tab.dice.chance(0.25) {
            self.pause_to_send(tab);
        }
        let previous = self.selections.option(&category.id).map(str::to_owned);
        let data = choice.quantity.map(|quantity| json!({"quantity": quantity}));
        let option = choice.option.clone();
        self.selections.set(&category.id, choice);
        let total = price(&self.selections, self.list).total_cents;
        let jump = total - self.price_cents;
        (self.price_cents, self.unsent) = (total, true);
        tab.act(Interaction {
            selection_value: Some(option),
            previous_value: previous,
            total_price_cents: Some(total),
            price_change_cents: Some(jump),
            additional_data: data,
            ..interaction(Interaction::SELECTION, &category.id)
        });
        jump
    }

    /// Stays until the configuration is synchronised.
    fn pause_to_send(&mut self, tab: &mut Tab<'_>) {
        if self.unsent {
            tab.wait(SYNC_AFTER);
            self.send(tab, Trigger::Sync);
        }
    }
}

/// Categories that visitors see.
pub(crate) fn offered(catalogue: &Catalogue) -> impl Iterator<Item = &Category> {
    catalogue
        .categories()
        .iter()
        .filter(|category| !category.retired && !category.billed_separately)
}

/// Whether a visitor leaves after a choice, by how much the price rose.
fn leaving(jump_cents: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "prices are far below 2^53 cents")]
    let ten_thousands = jump_cents.max(0) as f64 / 1_000_000.0;
    let log_odds = LEAVING_LOG_ODDS + LEAVING_PER_10_000_EUROS * ten_thousands;
    1.0 / (1.0 + (-log_odds).exp())
}

fn show_options(tab: &mut Tab<'_>, category: &Category) {
    let options: Vec<&str> = category.options.iter().map(|option| option.id.as_str()).collect();
    tab.act(Interaction {
        interactive: false,
        additional_data: Some(json!({"options": options})),
        ..interaction("options_shown", &category.id)
    });
}

/// A choice of a category: the earlier an option stands, the more often it is chosen.
fn drawn(
    dice: &mut Dice,
    category: &Category,
    selections: &Selections,
    catalogue: &Catalogue,
) -> Option<Choice> {
    let last = i64::try_from(category.options.len()).ok()? - 1;
    let place = dice.whole(0, last).min(dice.whole(0, last));
    let option = category.options.get(usize::try_from(place).ok()?)?;
    let quantity = match category.choice {
        ChoiceKind::Quantity => {
            let size = selections.option(catalogue.base())?;
            let most = option.quantity_max.get(size).copied().unwrap_or(1);
            u32::try_from(dice.whole(1, i64::from(most))).ok()
        }
        ChoiceKind::One | ChoiceKind::Toggle => None,
    };
    Some(Choice { option: option.id.clone(), quantity })
}

/// How long a visitor looks at the cart before deciding.
pub(crate) const CART_LOOK: TimeDelta = TimeDelta::seconds(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_the_price_rises_the_more_visitors_leave() {
        assert!(leaving(0) < 0.03);
        assert!(leaving(-5_000_000) <= leaving(0));
        assert!(leaving(4_000_000) > 2.0 * leaving(0));
        assert!(leaving(20_000_000) > 0.5);
    }
}
