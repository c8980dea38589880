//! Results as a file, as `docs/performance.md`, and on a terminal.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::Failure;
use crate::finding::{Figure, Measured, Results, worse};
use crate::scenarios::Scenario;

const JSON: &str = "performance.json";
const TEXT: &str = "performance.md";

/// Widest line of prose.
const WIDTH: usize = 120;

/// What is in a file of results; nothing, if there is none.
pub(crate) fn read(file: &Path) -> Result<Results, Failure> {
    match fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Results::new()),
        bytes => Ok(serde_json::from_slice(&bytes?)?),
    }
}

pub(crate) fn save(file: &Path, results: &Results) -> Result<(), Failure> {
    Ok(fs::write(file, serde_json::to_string_pretty(results)? + "\n")?)
}

/// Puts new results beside those of scenarios that did not run.
pub(crate) fn write(results: &Path, folder: &Path) -> Result<ExitCode, Failure> {
    let now = read(results)?;
    let mut all = read(&folder.join(JSON))?;
    all.extend(now.clone());
    save(&folder.join(JSON), &all)?;
    fs::write(folder.join(TEXT), text(&all))?;
    eprintln!("written: {}", folder.join(TEXT).display());
    let missed: Vec<String> = now
        .iter()
        .flat_map(|(scenario, one)| one.missed().map(move |figure| (scenario, figure)))
        .map(|(scenario, figure)| {
            format!("missed: {scenario}, {}: {}", figure.name, target(figure))
        })
        .collect();
    Ok(verdict(&missed))
}

/// Compares new results with those that are committed.
pub(crate) fn check(results: &Path, folder: &Path) -> Result<ExitCode, Failure> {
    let (now, committed) = (read(results)?, read(&folder.join(JSON))?);
    if now.is_empty() {
        return Err("nothing was measured".into());
    }
    for scenario in now.keys().filter(|scenario| !committed.contains_key(*scenario)) {
        eprintln!("{scenario} was never written down, so there is nothing to compare it with");
    }
    let found = worse(&committed, &now);
    if found.is_empty() {
        eprintln!("no ratio got worse");
    }
    Ok(verdict(&found))
}

fn verdict(complaints: &[String]) -> ExitCode {
    for complaint in complaints {
        eprintln!("{complaint}");
    }
    if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One scenario, for a terminal.
pub(crate) fn terminal(name: &str, measured: &Measured) -> String {
    let mut out = format!("{name}, {} s\n", measured.took_s);
    for figure in &measured.figures {
        let value = with_unit(figure.value, &figure.unit);
        let _ = write!(out, "  {:<46}{value:>20}", figure.name);
        if let Some(against) = &figure.against {
            let of_baseline = with_unit(against.value, &figure.unit);
            let ratio = with_unit(against.ratio, "");
            let _ = write!(out, "{of_baseline:>20}  {:<26}{ratio:>8}", against.baseline);
        }
        if figure.target.is_some() {
            let _ = write!(out, "  {}", target(figure));
        }
        out.push('\n');
    }
    for note in &measured.notes {
        let _ = writeln!(out, "  {note}");
    }
    for line in &measured.profile {
        let _ = writeln!(out, "    {line}");
    }
    out
}

fn target(figure: &Figure) -> String {
    figure.target.as_ref().map_or_else(String::new, |target| {
        format!("{}: {}", target.text, if target.met { "met" } else { "MISSED" })
    })
}

/// The whole document.
fn text(all: &Results) -> String {
    let mut out = paragraphs(INTRODUCTION);
    let machines: BTreeSet<&str> = all.values().map(|one| one.machine.as_str()).collect();
    for machine in &machines {
        out += &wrapped(&format!("Machine: {machine}."));
        out.push('\n');
    }
    let known = Scenario::value_variants()
        .iter()
        .filter_map(|scenario| Some((scenario, all.get(scenario.name())?)));
    for (scenario, measured) in known {
        let _ = writeln!(out, "## {}\n", scenario.title());
        out += &section(measured, machines.len() > 1);
    }
    out.trim_end().to_owned() + "\n"
}

const INTRODUCTION: &[&str] = &[
    "# Performance",
    "Written by `scripts/bench`, which also keeps the figures in [performance.json](performance.json). \
     Every figure of the system stands beside that of a baseline, measured in turns with it in the \
     same minutes on the same machine: the ratio means something elsewhere too, the figures do not. \
     Values are medians of the rounds.",
    "`scripts/bench --check` measures again and compares the ratios, and only them, with those here. \
     It fails where one got worse by more than its tolerance: twice the spread that the ratio had \
     between the rounds of this run, and at least what such a figure varies by between runs of one \
     program, which is 10 % for throughput, 25 % for medians of times and 60 % for tails.",
];

fn paragraphs(texts: &[&str]) -> String {
    texts.iter().map(|text| wrapped(text) + "\n").collect()
}

fn section(measured: &Measured, names_machine: bool) -> String {
    let mut out = wrapped(&measured.method) + "\n";
    let on = if names_machine { format!(" on {}", measured.machine) } else { String::new() };
    let when = measured.date.split('T').next().unwrap_or_default();
    out += &wrapped(&format!("{when}, commit {}, {} s{on}.", measured.commit, measured.took_s));
    out += "\n| figure | value | baseline | its value | ratio | tolerance | target |\n";
    out += "|---|---:|---|---:|---:|---:|---|\n";
    for figure in &measured.figures {
        out += &row(figure);
    }
    out.push('\n');
    for note in &measured.notes {
        out += &wrapped(note);
        out.push('\n');
    }
    if !measured.profile.is_empty() {
        let _ = writeln!(out, "```text\n{}\n```\n", measured.profile.join("\n"));
    }
    out
}

fn row(figure: &Figure) -> String {
    let value = with_unit(figure.value, &figure.unit);
    let against = figure.against.as_ref().map_or_else(
        || "| | | ".to_owned(),
        |against| {
            let of_baseline = with_unit(against.value, &figure.unit);
            let tolerance = against.tolerance * 100.0;
            let ratio = with_unit(against.ratio, "");
            format!("{} | {of_baseline} | {ratio} | {tolerance:.0} %", against.baseline)
        },
    );
    format!("| {} | {value} | {against} | {} |\n", figure.name, target(figure))
}

/// Three digits that mean something.
fn with_unit(value: f64, unit: &str) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}

/// A paragraph of lines that are not too long.
fn wrapped(text: &str) -> String {
    let (mut out, mut width) = (String::new(), 0);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            out.push('\n');
            width = 0;
        }
        if width > 0 {
            out.push(' ');
            width += 1;
        }
        out += word;
        width += length;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::finding::Better;

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("nh-bench-{}", uuid::Uuid::new_v4()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn results(&self, scenario: &str, throughput: f64) -> PathBuf {
            let figure = Figure::new("throughput", "requests/s", &[throughput])
                .against("bare", (&[throughput], &[1000.0]), Better::Higher, 0.1)
                .ratio_target(0.6);
            let measured = Measured {
                date: "2026-11-29T12:00:00Z".to_owned(),
                commit: "abc".to_owned(),
                machine: "one".to_owned(),
                took_s: 3,
                method: "Measured.".to_owned(),
                figures: vec![figure],
                notes: vec!["Noted.".to_owned()],
                profile: vec!["50 % here".to_owned()],
            };
            let file = self.0.join("results");
            save(&file, &Results::from([(scenario.to_owned(), measured)])).unwrap();
            file
        }

        fn text(&self) -> String {
            fs::read_to_string(self.0.join(TEXT)).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn a_check_passes_for_an_equal_ratio_and_fails_for_a_worse_one() {
        let folder = Folder::new();
        write(&folder.results("accept", 700.0), &folder.0).unwrap();
        let checked = |throughput| check(&folder.results("accept", throughput), &folder.0).unwrap();
        assert_eq!(checked(700.0), ExitCode::SUCCESS);
        assert_eq!(checked(650.0), ExitCode::SUCCESS);
        assert_eq!(checked(600.0), ExitCode::FAILURE);
    }

    #[test]
    fn a_run_of_one_scenario_leaves_the_others_as_they_are() {
        let folder = Folder::new();
        assert_eq!(write(&folder.results("accept", 700.0), &folder.0).unwrap(), ExitCode::SUCCESS);
        let code = write(&folder.results("drain", 500.0), &folder.0).unwrap();
        assert_eq!(code, ExitCode::FAILURE, "its target is missed");
        let text = folder.text();
        assert!(
            text.contains(
                "| throughput | 700 requests/s | bare | 1000 requests/s | 0.700 | 10 % |"
            )
        );
        assert!(
            text.contains("ratio at least 0.6: MISSED") && text.contains("50 % here"),
            "{text}"
        );
        assert_eq!(text.matches("\n## ").count(), 2);
    }

    #[test]
    fn lines_are_not_too_long_and_nothing_is_lost() {
        let text = "word ".repeat(100);
        let lines = wrapped(&text);
        assert!(lines.lines().all(|line| line.len() <= WIDTH));
        assert_eq!(lines.split_whitespace().count(), 100);
    }
}
