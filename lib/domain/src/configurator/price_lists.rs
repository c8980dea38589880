//! Price lists one after the other, and what a configuration costs under the one in force.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::quote::{PriceList, Quote, price};
use super::selections::Selections;

/// Some price lists in the order in which they came into force.
#[derive(Debug, Clone, Default)]
pub struct PriceLists(Vec<Arc<PriceList>>);

impl PriceLists {
    /// How long a page may go on showing the prices that it loaded.
    pub const OUTDATED_FOR: TimeDelta = TimeDelta::days(1);

    /// Price lists in any order.
    #[must_use]
    pub fn new(mut lists: Vec<Arc<PriceList>>) -> Self {
        lists.sort_by_key(|list| (list.effective_from, list.version));
        Self(lists)
    }

    /// The list in force at a moment: the latest that has begun, and of several with one beginning
    /// the greatest version. Before all of them the first has to do.
    #[must_use]
    pub fn at(&self, moment: DateTime<Utc>) -> Option<&Arc<PriceList>> {
        self.0.get(self.position(moment))
    }

    /// When the list in force at a moment is succeeded by another.
    #[must_use]
    pub fn next_change(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.iter().map(|list| list.effective_from).find(|from| *from > moment)
    }

    /// The list of a version.
    #[must_use]
    pub fn version(&self, version: i32) -> Option<&Arc<PriceList>> {
        self.0.iter().find(|list| list.version == version)
    }

    fn position(&self, moment: DateTime<Utc>) -> usize {
        self.0.partition_point(|list| list.effective_from <= moment).saturating_sub(1)
    }

    /// What is to be known of a configuration that was seen at a moment, with the price that the
    /// browser claimed. Nothing where there is no price list at all.
    #[must_use]
    pub fn appraise(
        &self,
        configuration: &Value,
        claimed_cents: Option<i64>,
        moment: DateTime<Utc>,
    ) -> Option<Appraisal> {
        let list = self.at(moment)?;
        let chosen = Selections::read(configuration, &list.catalogue);
        let quote = price(&chosen, list);
        let selections = chosen.canonical(&list.catalogue);
        let check = self.check(&chosen, claimed_cents, &quote, moment);
        Some(Appraisal { hash: selections.hash(), selections, quote, check })
    }

    fn check(
        &self,
        chosen: &Selections,
        claimed_cents: Option<i64>,
        quote: &Quote,
        moment: DateTime<Utc>,
    ) -> PriceCheck {
        let Some(claimed) = claimed_cents else { return PriceCheck::Unclaimed };
        if claimed == quote.total_cents {
            return PriceCheck::Match;
        }
        let ended = self.0.iter().zip(self.0.iter().skip(1)).take(self.position(moment));
        let outdated = ended
            .filter(|(list, next)| list.effective_from < next.effective_from)
            .filter(|(_, next)| moment - next.effective_from < Self::OUTDATED_FOR)
            .any(|(list, _)| price(chosen, list).total_cents == claimed);
        if outdated { PriceCheck::Outdated } else { PriceCheck::Mismatch }
    }
}

/// What is to be known of a configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Appraisal {
    /// What it costs.
    pub quote: Quote,
    /// Its canonical form.
    pub selections: Selections,
    /// Names the canonical form.
    pub hash: String,
    /// Whether the browser showed the right price.
    pub check: PriceCheck,
}

/// Whether a browser showed the right price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceCheck {
    /// It did not say which price it showed.
    Unclaimed,
    /// It showed the right price.
    Match,
    /// It showed the price of a list that was succeeded less than a day before.
    Outdated,
    /// It showed a wrong price.
    Mismatch,
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{Catalogue, first};
    use super::super::price::Price;
    use super::super::samples::list;
    use super::*;
    use serde_json::json;

    fn lists() -> PriceLists {
        let mut document = first().document().clone();
        document.prices[0].price = Some(Price::Amount(100));
        let dearer = Catalogue::new(document).unwrap();
        PriceLists::new(vec![Arc::new(list(20, dearer)), Arc::new(list(10, first()))])
    }

    fn day(n: i64, seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(n * 86_400 + seconds, 0).unwrap()
    }

    #[test]
    fn a_list_is_in_force_from_its_first_instant_until_the_next() {
        let version = |moment| lists().at(moment).unwrap().version;
        assert_eq!(version(day(0, 0)), 10);
        assert_eq!(version(day(20, -1)), 10);
        assert_eq!(version(day(20, 0)), 20);
        assert_eq!(lists().next_change(day(12, 0)), Some(day(20, 0)));
        assert_eq!(lists().next_change(day(20, 0)), None);
        assert!(PriceLists::default().at(day(1, 0)).is_none());
    }

    #[test]
    fn a_later_version_with_the_same_beginning_replaces_the_earlier() {
        let at =
            |version| Arc::new(PriceList { effective_from: day(5, 0), ..list(version, first()) });
        assert_eq!(PriceLists::new(vec![at(4), at(3)]).at(day(5, 0)).unwrap().version, 4);
    }

    #[test]
    fn a_list_that_was_replaced_before_it_began_excuses_nothing() {
        let replaced =
            PriceList { effective_from: day(20, 0), ..list(19, lists().0[1].catalogue.clone()) };
        let first_again = Arc::new(list(20, first()));
        let lists =
            PriceLists::new(vec![Arc::new(list(10, first())), Arc::new(replaced), first_again]);
        let house = json!({"nest": "nest80"});
        let claim = Some(2_441_400);
        let check = |moment| lists.appraise(&house, claim, moment).unwrap().check;
        assert_eq!(check(day(20, 60)), PriceCheck::Mismatch);
    }

    #[test]
    fn a_claim_is_right_outdated_or_wrong() {
        let house = json!({"nest": "nest80"});
        let check = |claimed, moment| lists().appraise(&house, claimed, moment).unwrap().check;
        let before = lists().appraise(&house, None, day(12, 0)).unwrap().quote.total_cents;
        assert_eq!(check(None, day(12, 0)), PriceCheck::Unclaimed);
        assert_eq!(check(Some(before), day(12, 0)), PriceCheck::Match);
        assert_eq!(check(Some(before + 1), day(12, 0)), PriceCheck::Mismatch);
        assert_eq!(check(Some(before), day(20, 3600)), PriceCheck::Outdated);
        assert_eq!(check(Some(before), day(21, -1)), PriceCheck::Outdated);
        assert_eq!(check(Some(before), day(21, 0)), PriceCheck::Mismatch);
        assert_eq!(
            lists().appraise(&house, None, day(20, 0)).unwrap().quote.total_cents,
            2_441_400
        );
    }
}
