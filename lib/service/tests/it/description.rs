//! The description of the API says what the API does: every example is sent, and every answer is what
//! its schema says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::Request;
use nest_haus::accounts::users::{NewUser, make};
use nest_haus::endpoints;
use nest_haus::http::Actor;
use nest_haus::testing::{Reply, TestBed};
use nest_haus_domain::accounts::Role;
use serde_json::{Map, Value, json};

const JSON: &str = "application/json";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The schema of objects that may hold anything.
const FREE_OBJECT: &str = "#/components/schemas/FreeObject";

/// Where the document does not say what a value holds, and why it cannot. This list may only shrink: a
/// client is generated from the document, and what is not in it cannot break the client's build.
const FREE: &[(&str, &str)] = &[
    ("AuditLogEntry.detail", "each action notes what it is about"),
    ("Calculate.configuration", CHOICES),
    ("Calculate.nest", CHOICES),
    ("Calculate.selections", CHOICES),
    ("CatalogueChange.from", "any part of a catalogue"),
    ("CatalogueChange.to", "any part of a catalogue"),
    ("CatalogueOption.properties", "whatever the catalogue's author gives to user interfaces"),
    ("FactDetail.value", "each kind of fact says something else"),
    ("Finalize.config", CHOICES),
    ("Finalize.finalConfiguration", CHOICES),
    ("HouseOptionProperties", "with whatever the catalogue's author gives to user interfaces"),
    ("InteractionDetail.additionalData", SENT),
    ("InteractionWire.additionalData", SENT),
    ("JobReport_FreeObject.report", JOB),
    ("JourneySession.configurationData", CHOICES),
    ("JourneyStep.additionalData", SENT),
    ("MeasurementDetail.additionalData", SENT),
    ("MetricWire.additionalData", SENT),
    ("ProblemDocument.conflict", "depends on the request that is refused"),
    ("RunView.report", JOB),
    ("SaveConfig.configuration", CHOICES),
    ("SessionState.configurationData", CHOICES),
    ("Sync.configuration", CHOICES),
    ("TrackCartAdd.configuration", CHOICES),
    ("UpdateUserData.userData", "fields that are not known are ignored, whatever they hold"),
    ("openapi_json 200", "described by the OpenAPI specification"),
    ("report_content 200", "reports as they were when it was made, by older releases too"),
];

const CHOICES: &str = "a configuration as clients send it, in any of the shapes that are read";
const JOB: &str = "what any of the jobs did; the answer of a job's own endpoint is described";
const SENT: &str = "whatever a client sends besides";

/// Keys whose values are shown once and in no example.
const SECRETS: [&str; 3] = ["key", "csrfToken", "sessionToken"];

/// Most items of a list in an example.
const ITEMS_MAX: usize = 2;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/description/examples.json")
}

/// The examples as they are in the file, by operation, in the order in which they are sent.
fn examples() -> Map<String, Value> {
    serde_json::from_str(&std::fs::read_to_string(file()).unwrap()).unwrap()
}

/// One operation of the document.
struct Operation {
    name: String,
    method: String,
    path: String,
    document: Value,
}

impl Operation {
    fn all(document: &Value) -> Vec<Self> {
        let paths = document["paths"].as_object().unwrap();
        let all = paths.iter().flat_map(|(path, item)| {
            METHODS.into_iter().filter_map(move |method| {
                let document = item.get(method)?.clone();
                let name = document["operationId"].as_str()?.to_owned();
                Some(Self { name, method: method.to_uppercase(), path: path.clone(), document })
            })
        });
        all.collect()
    }

    fn responses(&self) -> &Map<String, Value> {
        self.document["responses"].as_object().unwrap()
    }

    fn takes_json(&self) -> bool {
        self.document["requestBody"]["content"].get(JSON).is_some()
    }

    /// The schema of an answer.
    fn answer_schema(&self, status: &str) -> Option<&Value> {
        self.responses().get(status)?["content"].get(JSON)?.get("schema")
    }

    fn answers_json(&self) -> bool {
        let good = self.responses().keys().filter(|status| status.starts_with('2'));
        good.into_iter()
            .any(|status| self.answer_schema(status).is_some_and(|schema| !is_any(schema)))
    }
}

/// An object of which nothing is said, as for this very document.
fn is_any(schema: &Value) -> bool {
    *schema == json!({"$ref": FREE_OBJECT})
}

/// What is wrong with a value, by its schema in the document.
fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let whole = json!({"allOf": [schema], "components": document["components"]});
    let validator =
        jsonschema::options().should_validate_formats(true).build(&whole).expect("a schema");
    let errors = validator.iter_errors(value);
    errors.map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// A browser that has signed in, as the answer to `login` made it.
#[derive(Default)]
struct Browser {
    cookie: String,
    csrf_token: String,
    visitor: String,
}

fn request(operation: &Operation, example: &Value, browser: &Browser) -> Request<Body> {
    let mut path = operation.path.clone();
    let mut query = Vec::new();
    for (name, value) in example["query"].as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let part = format!("{{{name}}}");
        if path.contains(&part) {
            path = path.replace(&part, &value);
        } else {
            query.push(format!("{name}={value}"));
        }
    }
    let mut request = Request::builder()
        .method(operation.method.as_str())
        .uri(format!("{path}?{}", query.join("&")))
        .header("content-type", JSON);
    request = if operation.path.starts_with("/api/admin/") {
        request.header("cookie", &browser.cookie).header("x-csrf-token", &browser.csrf_token)
    } else {
        request.header("cookie", &browser.visitor)
    };
    let body = example.get("request").map_or_else(String::new, Value::to_string);
    request.body(body.into()).unwrap()
}

/// Remembers what answers hand to a browser.
fn keep_cookies(browser: &mut Browser, operation: &str, reply: &Reply) {
    let Some(cookie) = reply.cookie() else { return };
    if operation == "login" {
        browser.cookie = cookie;
        reply.body["csrfToken"].as_str().unwrap().clone_into(&mut browser.csrf_token);
    } else if operation != "start_session" {
        browser.visitor = cookie;
    }
}

/// A value short enough to be read, without secrets.
fn shortened(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().take(ITEMS_MAX).map(shortened).collect(),
        Value::Object(map) => {
            let one = |(key, value): (&String, &Value)| {
                let is_secret = SECRETS.contains(&key.as_str()) && value.is_string();
                (key.clone(), if is_secret { json!("…") } else { shortened(value) })
            };
            Value::Object(map.iter().map(one).collect())
        }
        other => other.clone(),
    }
}

/// Sends an example and checks the answer; the answer that belongs into the file where none does.
fn check_answer(
    document: &Value,
    operation: &Operation,
    example: &Value,
    reply: &Reply,
) -> Option<(String, Value)> {
    let name = &operation.name;
    let status = reply.status.as_u16().to_string();
    assert!(reply.status.is_success(), "{name}: {status}: {}", reply.text);
    assert!(operation.responses().contains_key(&status), "{name} does not describe {status}");
    let schema = operation.answer_schema(&status)?;
    let wrong = faults(document, schema, &reply.body);
    assert!(wrong.is_empty(), "{name} answers other than its schema: {wrong:?}");
    let known = example["answers"].get(&status);
    let fits = known.is_some_and(|known| faults(document, schema, known).is_empty());
    (!fits && !is_any(schema)).then(|| (status, shortened(&reply.body)))
}

/// Sends every example in order and answers what the file should be.
async fn sent(document: &Value, mut examples: Map<String, Value>) -> Map<String, Value> {
    let bed = TestBed::new().await;
    let owner =
        NewUser { email: "ada@example.com".to_owned(), name: "Ada".to_owned(), role: Role::Owner };
    let password = "correct horse battery".to_owned();
    make(&bed.app.db, owner, password, &Actor::system(), bed.now()).await.unwrap();
    let operations = Operation::all(document);
    let mut browser = Browser::default();
    for (name, example) in &mut examples {
        if example["live"] == false {
            continue;
        }
        let operation = operations.iter().find(|operation| operation.name == *name);
        let operation = operation.unwrap_or_else(|| panic!("there is no operation {name}"));
        let reply = bed.send(request(operation, example, &browser)).await;
        keep_cookies(&mut browser, name, &reply);
        if let Some((status, answer)) = check_answer(document, operation, example, &reply) {
            example["answers"][status] = answer;
        }
    }
    examples
}

/// Operations that examples are missing of, in the form of the file.
fn missing(document: &Value, examples: &Map<String, Value>) -> Vec<String> {
    let wanted = |operation: &Operation| operation.takes_json() || operation.answers_json();
    let operations = Operation::all(document).into_iter().filter(wanted);
    let unknown = operations.filter(|operation| !examples.contains_key(&operation.name));
    unknown.map(|operation| operation.name).collect()
}

#[tokio::test]
async fn documented_examples_are_answered_as_documented() {
    let document = json!(endpoints::openapi());
    let mut known = examples();
    let update = std::env::var_os("UPDATE").is_some();
    if update {
        for name in missing(&document, &known) {
            known.insert(name, json!({}));
        }
    }
    let found = sent(&document, known.clone()).await;
    if update {
        let text = serde_json::to_string_pretty(&found).unwrap();
        std::fs::write(file(), format!("{text}\n")).unwrap();
    } else {
        let stale: Vec<&String> = found
            .iter()
            .filter(|(name, new)| known[*name] != **new)
            .map(|(name, _)| name)
            .collect();
        assert!(stale.is_empty(), "examples of {stale:?} are no longer true; run with UPDATE=1");
    }
}

#[test]
fn every_operation_has_examples() {
    let names = missing(&json!(endpoints::openapi()), &examples());
    assert!(
        names.is_empty(),
        "examples.json has nothing of {names:?}: add each with its `request` or `query`, then run \
         with UPDATE=1, which adds the answer"
    );
}

#[test]
fn every_example_is_what_its_schema_says() {
    let document = json!(endpoints::openapi());
    let mut all = document["components"]["responses"].as_object().unwrap().clone();
    for operation in Operation::all(&document) {
        let request = operation.document["requestBody"].clone();
        all.insert(format!("{} request", operation.name), request);
        for (status, response) in operation.responses() {
            all.insert(format!("{} {status}", operation.name), response.clone());
        }
    }
    let mut checked = 0;
    for (name, holder) in all {
        for content in holder["content"].as_object().into_iter().flat_map(Map::values) {
            let Some(example) = content.get("example") else { continue };
            let wrong = faults(&document, &content["schema"], example);
            assert!(wrong.is_empty(), "{name}: {wrong:?}");
            checked += 1;
        }
    }
    assert!(checked > 60, "only {checked} examples");
}

#[test]
fn every_operation_describes_its_refusals() {
    let document = json!(endpoints::openapi());
    for operation in Operation::all(&document) {
        let has = |status: &str| operation.responses().contains_key(status);
        let name = &operation.name;
        let is_secured = operation.document.get("security").is_some();
        let has_body = operation.document.get("requestBody").is_some();
        assert!(has("500") && has("503"), "{name}");
        assert!(has("429") || operation.path.starts_with("/api/cron/"), "{name}");
        assert!(has("401") || !is_secured, "{name}");
        assert!((has("400") && has("413") && has("422")) || !has_body, "{name}");
        for (status, response) in operation.responses() {
            let content = response["content"].as_object();
            let is_refusal = !status.starts_with(['2', '3']) && response.get("$ref").is_none();
            let said =
                content.is_some_and(|content| content.contains_key("application/problem+json"));
            assert!(!is_refusal || said, "{name} {status} is no problem document");
        }
    }
}

#[test]
fn parameters_of_a_path_stand_in_it() {
    for operation in Operation::all(&json!(endpoints::openapi())) {
        for parameter in operation.document["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let in_path = operation.path.contains(&format!("{{{name}}}"));
            assert_eq!(parameter["in"] == "path", in_path, "{} of {}", name, operation.path);
        }
    }
}

#[test]
fn every_success_says_what_it_answers() {
    for operation in Operation::all(&json!(endpoints::openapi())) {
        let good = operation.responses().iter().filter(|(status, _)| status.starts_with('2'));
        let good: Vec<_> = good.collect();
        assert!(!good.is_empty(), "{} never succeeds", operation.name);
        for (status, response) in good {
            let says = response["content"].as_object().is_some_and(|content| !content.is_empty());
            let may_be_silent = ["202", "204"].contains(&status.as_str());
            assert!(says || may_be_silent, "{} {status}", operation.name);
            assert!(!says || status != "204", "{} {status}", operation.name);
        }
    }
}

#[test]
fn every_tag_scheme_and_reference_is_declared() {
    let document = json!(endpoints::openapi());
    let declared = |list: &Value| -> BTreeSet<String> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|tag| tag["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let tags = declared(&document["tags"]);
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    for operation in Operation::all(&document) {
        for tag in operation.document["tags"].as_array().unwrap() {
            assert!(tags.contains(tag.as_str().unwrap()), "{}: {tag}", operation.name);
        }
        for way in operation.document["security"].as_array().into_iter().flatten() {
            for scheme in way.as_object().unwrap().keys() {
                assert!(schemes.contains_key(scheme), "{}: {scheme}", operation.name);
            }
        }
    }
    for reference in references(&document) {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} is nowhere");
    }
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| match value {
                Value::String(text) if key == "$ref" => vec![text.clone()],
                value => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn what_is_not_described_has_a_reason() {
    let document = json!(endpoints::openapi());
    let mut found = BTreeSet::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if name != "FreeObject" {
            note_free(schema, name, &mut found);
        }
    }
    for operation in Operation::all(&document) {
        let request = &operation.document["requestBody"]["content"][JSON]["schema"];
        note_free(request, &operation.name, &mut found);
        for status in operation.responses().keys() {
            if let Some(schema) = operation.answer_schema(status) {
                note_free(schema, &format!("{} {status}", operation.name), &mut found);
            }
        }
    }
    let known: BTreeSet<String> = FREE.iter().map(|(place, _)| (*place).to_owned()).collect();
    let described: Vec<_> = known.difference(&found).collect();
    assert!(described.is_empty(), "no longer free, take them from the list: {described:?}");
    let new: Vec<_> = found.difference(&known).collect();
    assert!(new.is_empty(), "not described: {new:?}");
}

/// Notes the places in a schema that may hold anything, or any object.
fn note_free(schema: &Value, place: &str, found: &mut BTreeSet<String>) {
    let Some(schema) = schema.as_object() else { return };
    if is_free(schema) {
        found.insert(place.to_owned());
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        note_free(property, &format!("{place}.{name}"), found);
    }
    for key in ["items", "additionalProperties"] {
        note_free(schema.get(key).unwrap_or(&Value::Null), place, found);
    }
    for key in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        for part in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
            note_free(part, place, found);
        }
    }
}

/// Whether a schema itself says nothing of what a value is, or of what an object or a list holds.
fn is_free(schema: &Map<String, Value>) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| schema.contains_key(*key));
    let is_a = |name: &str| match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == name),
        kind => kind.is_some_and(|kind| kind == name),
    };
    if has(&["allOf", "anyOf", "oneOf", "enum", "const"]) {
        return false;
    }
    let others = schema.get("additionalProperties");
    others.is_some_and(|others| *others == true || *others == json!({}))
        || (is_a("object") && !has(&["properties", "additionalProperties"]))
        || (is_a("array") && !has(&["items", "prefixItems"]))
        || schema.get("$ref").map_or_else(|| !has(&["type"]), |name| name == FREE_OBJECT)
}

#[tokio::test]
async fn the_page_loads_nothing_but_its_own_files_and_they_are_there() {
    let bed = TestBed::new().await;
    let page = bed.get("/api/docs").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.text.contains("://"), "the page names another server");
    for (file, kind) in [
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui.css", "text/css; charset=utf-8"),
        ("start.js", "text/javascript; charset=utf-8"),
    ] {
        let address = format!("/api/docs?file={file}");
        assert!(page.text.contains(&address), "{file} is not loaded");
        let reply = bed.get(&address).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.headers["content-type"]),
            (200, &kind.parse().unwrap())
        );
        let tag = reply.headers["etag"].clone();
        let again = Request::get(&address).header("if-none-match", tag);
        let again = bed.send(again.body(Body::empty()).unwrap()).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    }
    assert_eq!(bed.get("/api/docs?file=../Cargo.toml").await.status, 422);
}
