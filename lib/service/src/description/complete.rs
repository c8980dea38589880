//! What handlers' attributes leave out because it follows from what an operation is.
//!
//! Refusals that every operation of a kind can answer, the media type of problem documents, headers,
//! security schemes and examples are written here, once. What an attribute says itself stays.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{
    Content, Header, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder, ServerBuilder,
};

use super::security;
use crate::endpoints::{Endpoint, Group};
use crate::http::{FieldError, Problem};

const PROBLEM_JSON: &str = "application/problem+json";
const JSON: &str = "application/json";
const PROBLEM_SCHEMA: &str = "#/components/schemas/ProblemDocument";

/// Headers that answers carry: name, name of the component, type, meaning.
const HEADERS: [(&str, &str, Type, &str); 4] = [
    ("x-request-id", "RequestId", Type::String, "Names the request in the logs."),
    ("retry-after", "RetryAfter", Type::Integer, "Seconds after which to try again."),
    ("etag", "ETag", Type::String, "Names the content; send it as `If-None-Match`."),
    ("www-authenticate", "WwwAuthenticate", Type::String, "`Bearer`."),
];

/// Refusals that follow from what an operation is: status, name of the component, meaning.
const REFUSALS: [(u16, &str, &str); 8] = [
    (400, "Malformed", "The body is no JSON, or lacks what today's front end always sends."),
    (401, "Unauthenticated", "Nothing proves who asks, or what should prove it is wrong or over."),
    (403, "Forbidden", "Who asks may not do this, or shows no CSRF token for a change by session."),
    (413, "TooLarge", "The body is larger than 500,000 bytes."),
    (
        422,
        "Invalid",
        "Values that are not allowed, JSON nested deeper than 16 levels, NUL characters, numbers beyond 1e300; `errors` names each field.",
    ),
    (429, "TooMany", "The address asked too often."),
    (500, "Internal", "A mistake of the system. It is in the logs under `requestId`."),
    (
        503,
        "Unavailable",
        "Redis or PostgreSQL is out of reach, or the request took too long. Nothing was done.",
    ),
];

/// Examples of an operation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Examples {
    query: HashMap<String, Value>,
    request: Option<Value>,
    answers: HashMap<String, Value>,
}

/// Completes the document of some endpoints.
pub fn complete(document: &mut OpenApi, endpoints: &[Endpoint]) {
    let mut examples = examples();
    for endpoint in endpoints {
        let Some(item) = document.paths.paths.get_mut(&endpoint.path()) else { continue };
        for (is_safe, operation) in operations(item) {
            add_refusals(operation, endpoint.group);
            forbid_null(operation);
            add_validator(operation);
            add_headers(operation);
            security::spell_out(operation, is_safe);
            let name = operation.operation_id.clone().unwrap_or_default();
            add_examples(operation, examples.remove(&name).unwrap_or_default());
        }
    }
    add_components(document);
    let here = ServerBuilder::new().url("/").description(Some("Where this document comes from."));
    document.servers = Some(vec![here.build()]);
}

/// The examples, by operation. The file is this crate's own, and a test reads it.
fn examples() -> HashMap<String, Examples> {
    serde_json::from_str(include_str!("examples.json")).unwrap_or_default()
}

/// The operations of a path, and whether each changes nothing.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let changing = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
    let changing = changing.into_iter().flatten().map(|operation| (false, operation));
    item.get.iter_mut().map(|operation| (true, operation)).chain(changing)
}

fn add_refusals(operation: &mut Operation, group: Group) {
    let has_body = operation.request_body.is_some();
    let has_fields = has_body || operation.parameters.is_some();
    let is_secured = operation.security.is_some();
    for (status, name, _) in REFUSALS {
        let applies = match status {
            400 | 413 => has_body,
            401 => is_secured,
            403 => is_secured && group == Group::Admin,
            422 => has_fields,
            429 => group != Group::Cron,
            _ => true,
        };
        if applies {
            let refusal = || RefOr::Ref(Ref::from_response_name(name));
            operation.responses.responses.entry(status.to_string()).or_insert_with(refusal);
        }
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && !status.starts_with(['2', '3'])
        {
            name_media_type(response);
        }
    }
}

/// Problem documents are `application/problem+json`, which attributes do not say. What answers
/// something else with such a status may answer one as well.
fn name_media_type(response: &mut Response) {
    let is_problem = |content: &RefOr<Content>| match content {
        RefOr::T(content) => {
            matches!(&content.schema, Some(RefOr::Ref(schema)) if schema.ref_location == PROBLEM_SCHEMA)
        }
        RefOr::Ref(_) => false,
    };
    if response.content.get(JSON).is_some_and(is_problem) {
        response.content.shift_remove(JSON);
    }
    let problem = || RefOr::T(Content::new(Some(Ref::new(PROBLEM_SCHEMA))));
    response.content.entry(PROBLEM_JSON.to_owned()).or_insert_with(problem);
}

/// A query has no null: an optional parameter is left out instead.
fn forbid_null(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema
            && let SchemaType::Array(types) = &object.schema_type
            && let Some(only) = types.iter().find(|kind| **kind != Type::Null)
        {
            object.schema_type = SchemaType::Type(only.clone());
        }
    }
}

/// Who may be told that nothing changed may say what it has.
fn add_validator(operation: &mut Operation) {
    if !operation.responses.responses.contains_key("304") {
        return;
    }
    let if_none_match = ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("The `ETag` of the answer that the client has."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
    operation.parameters.get_or_insert_default().push(RefOr::T(if_none_match.build()));
}

fn add_headers(operation: &mut Operation) {
    let has_tag = operation.responses.responses.contains_key("304");
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            add_headers_of(status, response, has_tag);
        }
    }
}

fn add_headers_of(status: &str, response: &mut Response, has_tag: bool) {
    for (name, component, _, _) in HEADERS {
        let carried = match name {
            "retry-after" => matches!(status, "429" | "503"),
            "www-authenticate" => status == "401",
            "etag" => has_tag && matches!(status, "200" | "304"),
            _ => true,
        };
        if carried {
            let header = RefOr::Ref(Ref::new(format!("#/components/headers/{component}")));
            response.headers.entry(name.to_owned()).or_insert(header);
        }
    }
}

fn add_examples(operation: &mut Operation, examples: Examples) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && let Some(example) = examples.query.get(&parameter.name)
        {
            let builder = ParameterBuilder::from(parameter.clone());
            *parameter = builder.example(Some(example.clone())).build();
        }
    }
    let with_example = |content: Option<&mut RefOr<Content>>, example: Option<Value>| {
        if let (Some(RefOr::T(content)), Some(example)) = (content, example) {
            content.example = Some(example);
        }
    };
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        with_example(body.content.get_mut(JSON), examples.request);
    }
    for (status, answer) in examples.answers {
        if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(&status) {
            with_example(response.content.get_mut(JSON), Some(answer));
        }
    }
}

fn add_components(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    for (name, scheme) in security::schemes() {
        components.add_security_scheme(name, scheme);
    }
    for (_, name, kind, description) in HEADERS {
        components.headers.insert(name.to_owned(), RefOr::T(header(kind, description)));
    }
    for (status, name, description) in REFUSALS {
        let response = refusal(status, description);
        components.responses.insert(name.to_owned(), RefOr::T(response));
    }
}

fn header(kind: Type, description: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(kind);
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}

fn refusal(status: u16, description: &str) -> Response {
    let mut content = Content::new(Some(Ref::new(PROBLEM_SCHEMA)));
    content.example = Some(json!(example_of(status).document("0b6c2f5e".to_owned())));
    let mut response =
        ResponseBuilder::new().description(description).content(PROBLEM_JSON, content).build();
    add_headers_of(&status.to_string(), &mut response, false);
    response
}

/// A problem of a status.
fn example_of(status: u16) -> Problem {
    let field = |field: &str, code, message| FieldError::new(field, code, message);
    match status {
        400 => Problem::Malformed(vec![field("body", "malformed", "expected value at line 1")]),
        401 => Problem::Unauthenticated,
        403 => Problem::Forbidden,
        413 => Problem::TooLarge(crate::http::BODY_BYTES_MAX),
        422 => Problem::field(field("limit", "invalid", "must be 1 to 100")),
        429 => Problem::too_many(crate::http::RATE_WINDOW),
        503 => Problem::TimedOut,
        _ => Problem::Internal("not shown".into()),
    }
}
