//! The headlines of a kept report, as lines of a mail and of a file: what each is called in German and in
//! English, and where in the report it stands.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Kind;

/// Entries of a list that a mail names.
const LISTED_MAX: usize = 3;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A count.
    Count,
    /// A share, from 0 to 1.
    Share,
    /// Cents of a euro.
    Cents,
    /// Milliseconds.
    Milliseconds,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The label in German.
    pub german: String,
    /// The label in English.
    pub english: String,
    /// What is counted.
    pub unit: Unit,
    /// The number; nothing where there is none.
    pub value: Option<f64>,
    /// The lower bound of its 95 % interval, where it is a share.
    pub ci_low: Option<f64>,
    /// The upper bound.
    pub ci_high: Option<f64>,
    /// How it differs from that of as many days before: its ratio less one.
    pub change_ratio: Option<f64>,
    /// The same of a share, in percentage points.
    pub change_points: Option<f64>,
}

/// Where a line stands in a report, by JSON pointers.
struct Spec {
    german: &'static str,
    english: &'static str,
    unit: Unit,
    /// The number, or a rate with `value`, `ciLow` and `ciHigh`.
    value: &'static str,
    /// Its change; a number, or an object with `points`.
    change: &'static str,
}

/// Entries of a list, by the name that a field gives them.
struct ListSpec {
    german: &'static str,
    english: &'static str,
    unit: Unit,
    rows: &'static str,
    /// Fields that name a row, joined by an arrow.
    names: &'static [&'static str],
    value: &'static str,
    /// What must be true of a row, where something must.
    condition: &'static str,
}

const fn spec(
    (german, english): (&'static str, &'static str),
    unit: Unit,
    value: &'static str,
    change: &'static str,
) -> Spec {
    Spec { german, english, unit, value, change }
}

const VISITS: Spec = spec(
    ("Besuche", "Visits"),
    Unit::Count,
    "/overview/current/visits",
    "/overview/previous/changes/visits",
);
const VISITORS: Spec = spec(
    ("Wiedererkannte Besucher", "Identified visitors"),
    Unit::Count,
    "/overview/current/visitors/identified",
    "",
);
const CONFIGURING: Spec = spec(
    ("Besuche mit Auswahl", "Visits with a selection"),
    Unit::Count,
    "/overview/current/configuring",
    "/overview/previous/changes/configuring",
);
const MICRO: Spec = spec(
    ("Warenkorb oder Abschluss je Besuch", "Cart or completion by visit"),
    Unit::Share,
    "/overview/current/sessionConversion/micro",
    "/overview/previous/changes/sessionConversion/micro",
);
const LEAD: Spec = spec(
    ("Anfragen je Besuch", "Inquiries by visit"),
    Unit::Share,
    "/overview/current/sessionConversion/lead",
    "/overview/previous/changes/sessionConversion/lead",
);
const ORDER: Spec = spec(
    ("Bestellungen je Besuch", "Orders by visit"),
    Unit::Share,
    "/overview/current/sessionConversion/macro",
    "/overview/previous/changes/sessionConversion/macro",
);
const REVENUE: Spec = spec(
    ("Umsatz netto", "Net revenue"),
    Unit::Cents,
    "/overview/current/revenue/netCents",
    "/overview/previous/changes/netRevenue",
);
const ORDERS: Spec =
    spec(("Bestellungen", "Orders"), Unit::Count, "/overview/current/revenue/orders", "");
const AVERAGE_ORDER: Spec = spec(
    ("Umsatz je Bestellung", "Average order value"),
    Unit::Cents,
    "/overview/current/revenue/averageOrderCents",
    "",
);
const BOUNCE: Spec = spec(
    ("Absprungrate", "Bounce rate"),
    Unit::Share,
    "/overview/current/bounceRate",
    "/overview/previous/changes/bounceRate",
);
const ENGAGED: Spec = spec(
    ("Aufmerksamkeit (Median)", "Engaged time (median)"),
    Unit::Milliseconds,
    "/overview/current/engaged/p50Ms",
    "",
);
const CAPTURED: Spec = spec(
    ("Erfasste Ereignisse", "Captured events"),
    Unit::Share,
    "/overview/current/captureRate",
    "",
);
const DROP_OFF: Spec = spec(
    ("Ohne Warenkorb und Abschluss gegangen", "Left without cart and completion"),
    Unit::Share,
    "/dropoff/dropOffRate",
    "",
);
const MEDIAN_PRICE: Spec = spec(
    ("Preis der Konfigurationen (Median)", "Price of configurations (median)"),
    Unit::Cents,
    "/priceDistribution/distribution/percentiles/p50",
    "",
);

const fn list(
    (german, english): (&'static str, &'static str),
    unit: Unit,
    (rows, names): (&'static str, &'static [&'static str]),
    value: &'static str,
) -> ListSpec {
    ListSpec { german, english, unit, rows, names, value, condition: "" }
}

const CHANNELS: ListSpec =
    list(("Kanal", "Channel"), Unit::Count, ("/channels/values", &["/value"]), "/visits");
const WAYS: ListSpec =
    list(("Weg", "Way"), Unit::Count, ("/journeys/links", &["/from", "/to"]), "/visits");
const INDECISION: ListSpec = list(
    ("Unentschlossen bei", "Undecided in"),
    Unit::Count,
    ("/friction/indecision", &["/category"]),
    "/sessions",
);
const RISING: ListSpec = ListSpec {
    condition: "/trend/trending",
    ..list(
        ("Öfter gewählt", "Chosen more often"),
        Unit::Share,
        ("/popularConfigs/options", &["/category", "/option"]),
        "/takeRate",
    )
};
const POPULAR: ListSpec = list(
    ("Beliebte Konfiguration", "Popular configuration"),
    Unit::Share,
    ("/popularConfigs/configurations", &["/selections"]),
    "/share",
);
const REVENUE_BY_CHANNEL: ListSpec = list(
    ("Umsatz über (letzte Berührung)", "Revenue by (last touch)"),
    Unit::Cents,
    ("/attribution/values", &["/value"]),
    "/credits/last/revenueCents",
);

const DAILY: (&[Spec], &[ListSpec]) =
    (&[VISITS, VISITORS, CONFIGURING, MICRO, LEAD, ORDER, REVENUE, ORDERS, CAPTURED], &[POPULAR]);
const WEEKLY: (&[Spec], &[ListSpec]) = (
    &[VISITS, VISITORS, BOUNCE, ENGAGED, CONFIGURING, MICRO, LEAD, ORDER, DROP_OFF],
    &[CHANNELS, WAYS, INDECISION, POPULAR, RISING],
);
const MONTHLY: (&[Spec], &[ListSpec]) = (
    &[REVENUE, ORDERS, AVERAGE_ORDER, VISITS, MICRO, LEAD, ORDER, MEDIAN_PRICE],
    &[REVENUE_BY_CHANNEL, POPULAR],
);

/// The headlines of a report.
#[must_use]
pub fn lines(kind: Kind, report: &Value) -> Vec<Line> {
    let (specs, lists) = match kind {
        Kind::DailySummary => DAILY,
        Kind::WeeklyCustomerBehaviour => WEEKLY,
        Kind::MonthlyRevenueConversion => MONTHLY,
    };
    let of_lists = lists.iter().flat_map(|list| list.lines(report));
    specs.iter().map(|spec| spec.line(report)).chain(of_lists).collect()
}

impl Spec {
    fn line(&self, report: &Value) -> Line {
        let found = report.pointer(self.value).unwrap_or(&Value::Null);
        let change = report.pointer(self.change).filter(|_| !self.change.is_empty());
        let change = change.unwrap_or(&Value::Null);
        Line {
            german: self.german.to_owned(),
            english: self.english.to_owned(),
            unit: self.unit,
            value: number(found),
            ci_low: found["ciLow"].as_f64(),
            ci_high: found["ciHigh"].as_f64(),
            change_ratio: change.as_f64(),
            change_points: change["points"].as_f64(),
        }
    }
}

impl ListSpec {
    fn lines(&self, report: &Value) -> Vec<Line> {
        let rows = report.pointer(self.rows).and_then(Value::as_array);
        let holds = |row: &&Value| {
            self.condition.is_empty() || row.pointer(self.condition) == Some(&Value::Bool(true))
        };
        let mut lines: Vec<Line> =
            rows.into_iter().flatten().filter(holds).map(|row| self.line(row)).collect();
        lines.sort_by(|a, b| b.value.unwrap_or(0.0).total_cmp(&a.value.unwrap_or(0.0)));
        lines.truncate(LISTED_MAX);
        lines
    }

    fn line(&self, row: &Value) -> Line {
        let names = self.names.iter().filter_map(|name| row.pointer(name).map(named));
        let name = names.collect::<Vec<_>>().join(" → ");
        let found = row.pointer(self.value).unwrap_or(&Value::Null);
        Line {
            german: format!("{}: {name}", self.german),
            english: format!("{}: {name}", self.english),
            unit: self.unit,
            value: number(found),
            ci_low: found["ciLow"].as_f64(),
            ci_high: found["ciHigh"].as_f64(),
            change_ratio: None,
            change_points: None,
        }
    }
}

/// A name as it is; a configuration by what was chosen in each category.
fn named(found: &Value) -> String {
    let chosen = |choice: &Value| choice["option"].as_str().map(str::to_owned);
    match found {
        Value::Object(choices) => {
            let by_category: BTreeMap<_, _> = choices.iter().collect();
            by_category.into_values().filter_map(chosen).collect::<Vec<_>>().join(", ")
        }
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

/// A number, or the value of a rate.
fn number(found: &Value) -> Option<f64> {
    found.as_f64().or_else(|| found["value"].as_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of<'a>(lines: &'a [Line], english: &str) -> Vec<&'a Line> {
        lines.iter().filter(|line| line.english.starts_with(english)).collect()
    }

    #[test]
    fn numbers_stand_with_their_unit_interval_and_change() {
        let report = json!({"overview": {
            "current": {"visits": 12345, "revenue": {"netCents": 123_456_789, "orders": 3},
                "sessionConversion": {"micro": {"num": 1, "den": 8, "value": 0.125, "ciLow": 0.02,
                    "ciHigh": 0.47}}},
            "previous": {"changes": {"visits": -0.053, "sessionConversion": {
                "micro": {"points": 1.26, "pValue": 0.5, "significant": false}}}}
        }});
        let found = lines(Kind::DailySummary, &report);
        let visits = of(&found, "Visits")[0];
        assert_eq!((visits.german.as_str(), visits.unit), ("Besuche", Unit::Count));
        assert_eq!((visits.value, visits.change_ratio), (Some(12345.0), Some(-0.053)));
        let micro = of(&found, "Cart or completion")[0];
        assert_eq!(
            (micro.value, micro.ci_low, micro.ci_high),
            (Some(0.125), Some(0.02), Some(0.47))
        );
        assert_eq!((micro.change_points, micro.change_ratio), (Some(1.26), None));
        let revenue = of(&found, "Net revenue")[0];
        assert_eq!((revenue.value, revenue.unit), (Some(123_456_789.0), Unit::Cents));
        assert_eq!(of(&found, "Identified")[0].value, None, "what is not known is not nought");
    }

    #[test]
    fn of_lists_the_greatest_are_named_and_of_options_those_that_rose() {
        let option = |name: &str, rate: f64, trending: bool| {
            json!({"category": "nest", "option": name, "takeRate": {"value": rate},
                "trend": {"trending": trending}})
        };
        let report = json!({
            "channels": {"values": [{"value": "email", "visits": 1}, {"value": "direct", "visits": 4},
                {"value": "social", "visits": 2}, {"value": "paid_search", "visits": 3}]},
            "popularConfigs": {"options": [option("a", 0.9, false), option("b", 0.2, true)],
                "configurations": [{"selections": {"nest": {"option": "nest80"},
                    "fussboden": {"option": "parkett"}}, "share": {"value": 0.5}}]},
        });
        let found = lines(Kind::WeeklyCustomerBehaviour, &report);
        let channels: Vec<_> =
            of(&found, "Channel").iter().map(|line| line.german.as_str()).collect();
        assert_eq!(channels, ["Kanal: direct", "Kanal: paid_search", "Kanal: social"]);
        let popular = of(&found, "Popular configuration");
        assert_eq!(popular[0].german, "Beliebte Konfiguration: parkett, nest80");
        let rising = of(&found, "Chosen more often");
        assert_eq!((rising.len(), rising[0].english.as_str()), (1, "Chosen more often: nest → b"));
    }

    #[test]
    fn every_kind_has_its_lines_though_a_report_is_empty() {
        for kind in Kind::ALL {
            let found = lines(kind, &json!({}));
            assert!(found.len() >= 8, "{kind:?}");
            assert!(found.iter().all(|line| line.value.is_none()));
        }
    }
}
