//! The shape of the house: who may use whom, and what may be built in.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The modules of this crate that the files of a module name.
fn used_by(module: &str) -> BTreeSet<String> {
    let source = root().join("lib/service/src");
    let text: String = sources(&source.join(module))
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let named = text.match_indices("crate::").map(|(at, prefix)| {
        let rest = &text[at + prefix.len()..];
        rest.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap().to_owned()
    });
    named.filter(|name| !name.is_empty() && name != module).collect()
}

/// What the modules may use besides their own.
const BELOW: &[(&str, &[&str])] = &[
    ("platform", &[]),
    ("description", &["http", "endpoints"]),
    ("http", &["platform"]),
    ("queue", &["platform"]),
    ("operations", &["platform", "http", "queue"]),
    (
        "monitoring",
        &[
            "platform",
            "http",
            "queue",
            "accounts",
            "operations",
            "notifications",
            "tracking",
            "analytics",
            "configurator",
        ],
    ),
    ("notifications", &["platform", "http", "accounts", "operations"]),
    ("accounts", &["platform", "http", "work"]),
    (
        "jobs",
        &[
            "platform",
            "http",
            "accounts",
            "operations",
            "tracking",
            "analytics",
            "monitoring",
            "notifications",
            "data_retention",
            "reports",
            "work",
        ],
    ),
    (
        "reports",
        &[
            "platform",
            "http",
            "queue",
            "accounts",
            "operations",
            "notifications",
            "tracking",
            "analytics",
        ],
    ),
    ("data_retention", &["platform", "http", "accounts", "operations", "analytics"]),
    ("configurator", &["platform", "http", "accounts", "operations"]),
    ("customers", &["platform", "http", "accounts"]),
    ("tracking", &["platform", "http", "queue", "operations", "configurator", "work"]),
    (
        "analytics",
        &[
            "platform",
            "http",
            "queue",
            "accounts",
            "configurator",
            "monitoring",
            "operations",
            "tracking",
        ],
    ),
];

#[test]
fn modules_use_only_what_lies_below_them() {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    for (module, below) in BELOW {
        let used = used_by(module);
        let allowed = set(below);
        assert!(used.is_subset(&allowed), "{module} uses {used:?}, allowed is {allowed:?}");
    }
}

/// The system asks for reports in one place. No handler lets itself in.
#[test]
fn only_reports_asked_by_name_are_asked_by_the_system() {
    let source = root().join("lib/service/src");
    let callers = sources(&source)
        .into_iter()
        .filter(|file| fs::read_to_string(file).unwrap().contains("May::of_system("));
    let callers: Vec<PathBuf> = callers.collect();
    assert_eq!(callers, [source.join("analytics/by_name.rs")]);
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// All packages that a build on this platform takes.
fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform"])
        .arg(host())
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_domain_knows_no_runtime_database_or_protocol() {
    let manifest = fs::read_to_string(root().join("lib/domain/Cargo.toml")).unwrap();
    for forbidden in ["tokio", "sqlx", "http", "axum", "redis", "nest-haus"] {
        let named = manifest.lines().any(|line| line.starts_with(&format!("{forbidden}.")));
        assert!(!named, "the domain depends on {forbidden}");
    }
}

/// Licences that allow use in a closed product without conditions on its source. Advisories are not
/// checked here: their database cannot be had without a network.
const LICENCES: [&str; 13] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "0BSD",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
];

/// Whether an SPDX expression can be met with the allowed licences alone. `/` is the old `OR`.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace(['(', ')'], "").replace('/', " OR ");
    expression
        .split(" AND ")
        .all(|part| part.split(" OR ").any(|licence| LICENCES.contains(&licence.trim())))
}

#[test]
fn every_dependency_has_a_licence_that_allows_its_use() {
    let metadata = metadata();
    let refused: Vec<String> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| !package["source"].is_null())
        .filter(|package| !package["license"].as_str().is_some_and(is_allowed))
        .map(|package| format!("{} ({})", package["name"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "licences to look at: {refused:?}");
}

#[test]
fn no_dependency_brings_openssl() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    for name in ["openssl-sys", "native-tls"] {
        let reached = metadata["resolve"]["nodes"].as_array().unwrap().iter().any(|node| {
            packages.iter().any(|package| package["id"] == node["id"] && package["name"] == name)
        });
        assert!(!reached, "{name} is built in");
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for folder in ["api", "cli/src", "lib", "tests"] {
        for file in sources(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("//! "), "{} does not", file.display());
        }
    }
}

/// The names that a source gives to schemas of the API's description: those of the types, or what
/// `as` says instead.
fn schemas(text: &str) -> Vec<String> {
    let word = |text: &str| text.split(|c: char| !c.is_alphanumeric()).next().map(str::to_owned);
    let after_derive = |(at, _): (usize, &str)| {
        let rest = &text[at..];
        let declared = ["struct ", "enum "]
            .iter()
            .filter_map(|keyword| Some((rest.find(keyword)?, keyword.len())))
            .min()?;
        let renamed = rest[..declared.0].split("schema(as = ").nth(1);
        word(renamed.unwrap_or_else(|| &rest[declared.0 + declared.1..]))
    };
    text.match_indices("ToSchema)]").filter_map(after_derive).collect()
}

#[test]
fn every_schema_of_the_description_has_a_name_of_its_own() {
    let folders = ["lib/service/src", "lib/domain/src"].map(|folder| root().join(folder));
    let files = folders.iter().flat_map(|folder| sources(folder));
    let mut names: Vec<String> =
        files.flat_map(|file| schemas(&fs::read_to_string(file).unwrap())).collect();
    names.sort();
    let repeated: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(names.len() > 100 && repeated.is_empty(), "{} names, twice: {repeated:?}", names.len());
}
