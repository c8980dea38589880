//! What is generated from the endpoint registry is fresh: functions, their binaries, both
//! deployment profiles and the OpenAPI document. `UPDATE=1` rewrites it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use nest_haus::endpoints::{self, Endpoint, Group};
use nest_haus::http::{
    BODY_BYTES_MAX, COMMON_HEADERS, HASHED_CACHE_CONTROL, HASHED_FOLDER, START_PAGE, STATIC_PARTS,
    StaticPart,
};
use nest_haus::jobs;
use serde_json::{Map, Value, json};

const MARK: &str = "# Written from the endpoint registry: `UPDATE=1 cargo test -p nest-haus --test it contract`.\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compares a file with what it should hold, or writes it.
fn check(path: &str, expected: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "{path} is not what the registry says; run with UPDATE=1");
}

fn methods(endpoint: &Endpoint) -> Vec<&'static str> {
    let router = (endpoint.routes)();
    let paths = &router.get_openapi().paths.paths;
    let (path, item) = paths.iter().next().unwrap();
    assert_eq!(*path, endpoint.path(), "path of {}", endpoint.id);
    assert_eq!(paths.len(), 1, "an endpoint has one path");
    let known = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    known.into_iter().filter(|(_, operation)| operation.is_some()).map(|(name, _)| name).collect()
}

/// Vercel writes the parts of a path that differ from call to call in brackets.
fn function_file(endpoint: &Endpoint) -> String {
    format!("api/{}.rs", endpoint.name.replace('{', "[").replace('}', "]"))
}

fn binary(endpoint: &Endpoint) -> String {
    endpoint.name.replace(['{', '}'], "").replace(['/', '.'], "-")
}

/// The pattern of a path.
fn pattern(endpoint: &Endpoint) -> String {
    let parts: Vec<String> = endpoint
        .path()
        .split('/')
        .map(
            |part| {
                if part.starts_with('{') { "[^/]+".to_owned() } else { part.replace('.', "\\.") }
            },
        )
        .collect();
    format!("^{}$", parts.join("/"))
}

#[test]
fn every_endpoint_has_its_function() {
    for endpoint in endpoints::ALL {
        let what = format!("`{} {}`", methods(endpoint).join(", "), endpoint.path());
        let source = format!(
            "//! Vercel function for {what}.\n\nfn main() -> std::process::ExitCode {{\n    \
             host_vercel::serve(nest_haus::endpoints::{})\n}}\n",
            endpoint.id
        );
        check(&function_file(endpoint), &source);
    }
    for group in Group::ALL {
        let source = format!(
            "//! Function of the compact deployment for all {name} endpoints.\n\n\
             fn main() -> std::process::ExitCode {{\n    \
             host_vercel::serve_group(nest_haus::endpoints::Group::{group:?})\n}}\n",
            name = group.name()
        );
        check(&format!("api/_compact/{}.rs", group.name()), &source);
    }
}

#[test]
fn there_are_no_functions_but_those_of_the_registry() {
    let compact = Group::ALL.iter().map(|group| format!("api/_compact/{}.rs", group.name()));
    let expected: BTreeSet<String> =
        endpoints::ALL.iter().map(function_file).chain(compact).collect();
    let mut found = BTreeSet::new();
    let mut open = vec![root().join("api")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn every_function_has_its_binary() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (by_hand, _) = manifest.split_once(MARK).expect("the mark in Cargo.toml");
    let mut expected = format!("{by_hand}{MARK}");
    let one = |name: &str, path: &str| format!("[[bin]]\nname = \"{name}\"\npath = \"{path}\"\n");
    let functions: Vec<String> = endpoints::ALL
        .iter()
        .map(|endpoint| one(&binary(endpoint), &function_file(endpoint)))
        .chain(Group::ALL.iter().map(|group| {
            let name = group.name();
            one(&format!("compact-{name}"), &format!("api/_compact/{name}.rs"))
        }))
        .collect();
    expected.push_str(&functions.join("\n"));
    check("Cargo.toml", &expected);
}

/// Seconds that a function of a group may take.
fn max_duration(group: Group) -> u32 {
    if group == Group::Cron { 60 } else { 15 }
}

/// What builds the static files. Vercel installs for production where a variable says so, and the tools that build are
/// for development.
const INSTALL: &str = "npm --prefix web ci --include=dev --ignore-scripts --no-audit --no-fund";
const BUILD: &str = "npm --prefix web run assemble";

/// The addresses of a part.
fn addresses(part: &StaticPart) -> String {
    if !part.folder.is_empty() {
        return format!("^/{}(?:/.*)?$", part.folder);
    }
    let others = STATIC_PARTS.iter().filter(|part| !part.folder.is_empty());
    let others = others.map(|part| format!("{}(?:/|$)", part.folder));
    let others: Vec<String> = ["api/".to_owned()].into_iter().chain(others).collect();
    format!("^/(?!{}).*$", others.join("|"))
}

/// The addresses of files of a part whose names hold a hash of the content, and all others.
fn hashed_and_others(part: &StaticPart) -> (String, String) {
    let (folder, hashed) = (part.folder, HASHED_FOLDER);
    (format!("^/{folder}/{hashed}(?:/.*)?$"), format!("^/{folder}(?!/{hashed}(?:/|$))(?:/.*)?$"))
}

fn headers_of(part: &StaticPart) -> Map<String, Value> {
    let headers = COMMON_HEADERS.iter().chain(part.headers);
    headers.map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}

/// Before anything is looked up: headers of every answer, also where there is no file.
fn routes_before_files() -> impl Iterator<Item = Value> {
    STATIC_PARTS
        .into_iter()
        .map(|part| json!({"src": addresses(part), "headers": headers_of(part), "continue": true}))
}

/// Where there is no file. The page brings its headers along: whether a look-up that begins again keeps those from
/// before is not written anywhere.
fn routes_after_files() -> impl Iterator<Item = Value> {
    let start = json!({"src": "^/$", "status": 307, "headers": {"location": START_PAGE}});
    let pages = STATIC_PARTS.into_iter().filter_map(|part| {
        let (_, others) = hashed_and_others(part);
        let (page, headers) = (part.page?, headers_of(part));
        Some(json!({"src": others, "dest": page, "headers": headers, "check": true}))
    });
    [start].into_iter().chain(pages)
}

/// Where there is a file: only then may it be kept. `important` goes before the platform's own value.
fn routes_of_files() -> impl Iterator<Item = Value> {
    let caching = |addresses: String, value: &str| {
        let headers = json!({"cache-control": value});
        json!({"src": addresses, "headers": headers, "continue": true, "important": true})
    };
    let files = STATIC_PARTS.into_iter().flat_map(move |part| {
        if part.folder.is_empty() {
            return vec![caching(addresses(part), part.cache_control)];
        }
        let (hashed, others) = hashed_and_others(part);
        vec![caching(hashed, HASHED_CACHE_CONTROL), caching(others, part.cache_control)]
    });
    [json!({"handle": "hit"})].into_iter().chain(files)
}

fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

#[test]
fn vercel_json_names_every_function_and_every_job() {
    let crons: Vec<Value> = endpoints::ALL
        .iter()
        .filter_map(|endpoint| {
            Some(json!({"path": endpoint.path(), "schedule": endpoint.job()?.schedule}))
        })
        .collect();
    let routes: Vec<Value> = routes_before_files()
        .chain([json!({"handle": "filesystem"})])
        .chain(routes_after_files())
        .chain(routes_of_files())
        .collect();
    let config = json!({
        "$schema": "https://openapi.vercel.sh/vercel.json",
        "framework": null,
        "installCommand": INSTALL,
        "buildCommand": BUILD,
        "outputDirectory": "public",
        "functions": {
            "api/cron/*.rs": {"maxDuration": max_duration(Group::Cron), "memory": 512},
            "api/**/*.rs": {"maxDuration": max_duration(Group::Track), "memory": 512},
        },
        "routes": routes,
        "crons": crons,
    });
    check("vercel.json", &pretty(&config));
}

#[test]
fn the_compact_profile_serves_the_same_addresses_from_few_functions() {
    // Without zero-config, the builder reads limits from `functions` of each build, and a static
    // build runs commands, and is published at the root, only if it says so. It wants a source
    // though it reads none.
    let rust = |group: Group| {
        let source = format!("api/_compact/{}.rs", group.name());
        let limits = json!({"maxDuration": max_duration(group), "memory": 512});
        let config = json!({"functions": {&source: limits}});
        json!({"src": source, "use": "@vercel/rust", "config": config})
    };
    let published = json!({
        "src": "README.md",
        "use": "@vercel/static-build",
        "config": {
            "zeroConfig": true,
            "installCommand": INSTALL,
            "buildCommand": BUILD,
            "outputDirectory": "public",
        },
    });
    let builds: Vec<Value> = Group::ALL.into_iter().map(rust).chain([published]).collect();
    let functions = endpoints::ALL.iter().map(|endpoint| {
        let dest = format!("/api/_compact/{}.rs", endpoint.group.name());
        json!({"src": pattern(endpoint), "dest": dest})
    });
    let routes: Vec<Value> = routes_before_files()
        .chain(functions)
        .chain([json!({"handle": "filesystem"})])
        .chain(routes_after_files())
        .chain([json!({"src": "^/.*$", "status": 404})])
        .chain(routes_of_files())
        .collect();
    let daily: Vec<Value> = endpoints::ALL
        .iter()
        .filter_map(|endpoint| {
            let schedule = jobs::daily_schedule(endpoint.job()?.name);
            Some(json!({"path": endpoint.path(), "schedule": schedule}))
        })
        .collect();
    let config = json!({
        "$schema": "https://openapi.vercel.sh/vercel.json",
        "framework": null,
        "builds": builds,
        "routes": routes,
        "crons": daily,
    });
    check("vercel.compact.json", &pretty(&config));
}

#[test]
fn the_openapi_document_is_committed() {
    let document = serde_json::to_value(endpoints::openapi()).unwrap();
    check("docs/openapi.json", &pretty(&document));
}

#[test]
fn every_operation_is_described() {
    let document = serde_json::to_value(endpoints::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), endpoints::ALL.len());
    let operations = paths.values().flat_map(|item| item.as_object().unwrap().values());
    for operation in operations {
        let name = operation["operationId"].as_str().unwrap();
        for field in ["summary", "tags", "responses"] {
            assert!(!operation[field].is_null(), "{name} has no {field}");
        }
    }
}

#[test]
fn secured_operations_are_those_of_administrators_and_cron() {
    let document = serde_json::to_value(endpoints::openapi()).unwrap();
    for endpoint in endpoints::ALL {
        let operations: &Map<String, Value> =
            document["paths"][endpoint.path()].as_object().unwrap();
        for operation in operations.values() {
            let secured = !operation["security"].is_null();
            let expected = matches!(endpoint.group, Group::Admin | Group::Cron);
            assert_eq!(secured, expected, "{}", endpoint.name);
        }
    }
}

#[test]
fn jobs_are_exactly_the_cron_endpoints() {
    let functions: Vec<&str> =
        endpoints::ALL.iter().filter_map(|endpoint| Some(endpoint.job()?.name)).collect();
    let jobs: Vec<&str> = jobs::ALL.iter().map(|job| job.name).collect();
    assert_eq!(functions, jobs);
    for endpoint in endpoints::ALL {
        assert_eq!(endpoint.job().is_some(), endpoint.group == Group::Cron, "{}", endpoint.name);
    }
}

#[test]
fn something_is_published_so_that_the_sources_are_not() {
    assert!(fs::read_dir(root().join("public")).unwrap().count() > 0);
}

#[test]
fn a_body_fits_into_what_the_platform_takes() {
    const PLATFORM_BYTES_MAX: usize = 4_500_000;
    const { assert!(BODY_BYTES_MAX < PLATFORM_BYTES_MAX) };
}
