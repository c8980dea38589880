//! What criterion found in process: `scripts/bench` runs it before.

use std::fs;
use std::path::{Path, PathBuf};

use nest_haus::platform::process_var;
use serde_json::Value;

use crate::finding::{Better, Figure, MEDIAN_VARIES};
use crate::{Failure, Found};

/// Where criterion keeps what it finds.
const FOLDER: &str = "NEST_HAUS_BENCH_CRITERION";

/// Microseconds that the price of a full configuration may take.
const PRICE_MAX: f64 = 20.0;

/// Microseconds that recording may cost a request.
const RECORDING_MAX: f64 = 20.0;

/// A benchmark's name, and its mean in microseconds.
type Mean = (String, f64);

/// The price of a house, by the time that parsing its configuration takes.
pub(crate) fn price() -> Result<Found, Failure> {
    let means = means(&folder()?.join("price"))?;
    let mut figures = beside(&means, "baseline/parse_json");
    for figure in &mut figures {
        if figure.name == "price/full" {
            *figure = figure.clone().below(PRICE_MAX);
        }
    }
    let method = "The benchmark `price` of the domain, by criterion; means. The baseline parses a full \
                  configuration as JSON.";
    Ok(Found { method: method.to_owned(), figures, ..Found::default() })
}

/// What a request's own measurements cost it: with them, without them, and the difference.
pub(crate) fn recording() -> Result<Found, Failure> {
    let means = means(&folder()?.join("recording"))?;
    let mut figures = Vec::new();
    for (name, recorded) in &means {
        let Some((group, statements)) = name.split_once("/recorded/") else { continue };
        let bare = format!("{group}/bare/{statements}");
        let Some((_, without)) = means.iter().find(|(name, _)| *name == bare) else { continue };
        figures.extend([
            Figure::new(&format!("cost of {statements} statements"), "µs", &[recorded - without])
                .below(RECORDING_MAX),
            Figure::new(name, "µs", &[*recorded]).against(
                &bare,
                (&[*recorded], &[*without]),
                Better::Lower,
                MEDIAN_VARIES,
            ),
        ]);
    }
    if figures.is_empty() {
        return Err("the benchmark has no pairs of `bare` and `recorded`".into());
    }
    let method = "The benchmark `recording` of the service, by criterion: requests with so many \
                  statements, with and without what records them; means.";
    Ok(Found { method: method.to_owned(), figures, ..Found::default() })
}

fn folder() -> Result<PathBuf, Failure> {
    let folder = process_var(FOLDER).ok_or("criterion did not run: use scripts/bench")?;
    Ok(PathBuf::from(folder))
}

/// Each benchmark beside one of them.
fn beside(means: &[Mean], baseline: &str) -> Vec<Figure> {
    let of_baseline =
        means.iter().find(|(name, _)| name == baseline).map_or(0.0, |(_, mean)| *mean);
    let others = means.iter().filter(|(name, _)| name != baseline);
    let figure = |(name, mean): &Mean| {
        let figure = Figure::new(name, "µs", &[*mean]);
        figure.against(baseline, (&[*mean], &[of_baseline]), Better::Lower, MEDIAN_VARIES)
    };
    others.map(figure).collect()
}

/// Every benchmark in a folder of criterion's, which keeps `GROUP/NAME/new/estimates.json`.
fn means(folder: &Path) -> Result<Vec<Mean>, Failure> {
    let (mut means, mut left) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(inner) = left.pop() {
        if let Ok(text) = fs::read(inner.join("new/estimates.json")) {
            let estimates: Value = serde_json::from_slice(&text)?;
            let nanos = estimates["mean"]["point_estimate"].as_f64().ok_or("no mean")?;
            means.push((inner.strip_prefix(folder)?.display().to_string(), nanos / 1e3));
        } else {
            let entries =
                fs::read_dir(&inner).map_err(|error| format!("{}: {error}", inner.display()))?;
            left.extend(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()));
        }
    }
    if means.is_empty() {
        return Err(format!("criterion left nothing in {}", folder.display()).into());
    }
    means.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(means)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benchmarks_are_found_at_every_depth() {
        let folder = std::env::temp_dir().join(format!("nh-bench-{}", uuid::Uuid::new_v4()));
        for (name, nanos) in [("price/full", 2500), ("request/bare/3", 400)] {
            let at = folder.join(name).join("new");
            fs::create_dir_all(&at).unwrap();
            let text = format!("{{\"mean\":{{\"point_estimate\":{nanos}}}}}");
            fs::write(at.join("estimates.json"), text).unwrap();
            fs::create_dir_all(folder.join(name).join("report")).unwrap();
        }
        let found = means(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, [("price/full".to_owned(), 2.5), ("request/bare/3".to_owned(), 0.4)]);
    }
}
