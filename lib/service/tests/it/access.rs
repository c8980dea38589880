//! Every operation of the registry, asked as everybody: the table of roles against what is answered.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use nest_haus::endpoints::{ALL, openapi};
use nest_haus::testing::{Reply, TestBed};
use nest_haus_domain::accounts::{Permission, Role, permission_table};
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, Person, sign_in, try_login};

/// What an operation asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// The secret of the platform's cron.
    Secret,
    /// A person, whatever their role.
    Person,
    Permission(Permission),
}

struct Operation {
    path: String,
    method: String,
    needs: Needs,
}

impl Operation {
    async fn ask(&self, bed: &TestBed, header: &str, value: &str) -> Reply {
        let request = Request::builder().method(&*self.method).uri(&self.path);
        bed.send(request.header(header, value).body(Body::from("{}")).unwrap()).await
    }
}

fn is_refused(reply: &Reply) -> bool {
    matches!(reply.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

async fn bed() -> TestBed {
    TestBed::with(&[("CRON_SECRET", "a-secret-of-the-cron")]).await
}

/// All operations of the description. What an administrator's operation needs is in the refusal that a
/// key without any permission gets; who must be a person refuses keys altogether.
async fn operations(bed: &TestBed) -> Vec<Operation> {
    const POWERLESS: &str = "nhk_powerless-key-000000000000000000000000000";
    bed.keep_key(POWERLESS, vec![Permission::ReadAnalytics.as_str().into()], None).await;
    sqlx::query("UPDATE api_keys SET scopes = '{nothing}' WHERE name = $1")
        .bind(POWERLESS)
        .execute(&bed.app.db)
        .await
        .unwrap();
    let described = json!(openapi());
    let mut operations = Vec::new();
    for path in ALL.iter().map(nest_haus::endpoints::Endpoint::path) {
        for (method, operation) in described["paths"][&path].as_object().unwrap() {
            let (path, method) = (path.clone(), method.to_uppercase());
            let mut operation = match &operation["security"][0] {
                Value::Null => Operation { path, method, needs: Needs::Nothing },
                security if security["cron"].is_array() => {
                    Operation { path, method, needs: Needs::Secret }
                }
                _ => Operation { path, method, needs: Needs::Person },
            };
            if operation.needs == Needs::Person {
                let shown = format!("Bearer {POWERLESS}");
                let reply = operation.ask(bed, "authorization", &shown).await;
                assert!(is_refused(&reply), "{} {}", operation.method, operation.path);
                let detail = reply.body["detail"].as_str().unwrap();
                let named = detail.split('`').nth(1).and_then(Permission::of_name);
                let expected = if named.is_some() { 403 } else { 401 };
                assert_eq!(reply.status, expected, "{} {}", operation.method, operation.path);
                operation.needs = named.map_or(Needs::Person, Needs::Permission);
            }
            operations.push(operation);
        }
    }
    // Whoever signs out asks nothing after that.
    operations.sort_by_key(|operation| operation.path.ends_with("/logout"));
    operations
}

#[tokio::test]
async fn every_operation_opens_to_the_roles_of_the_table_and_to_no_other() {
    let bed = bed().await;
    let operations = operations(&bed).await;
    for role in Role::ALL {
        let person = sign_in(&bed, role).await;
        for Operation { path, method, needs } in &operations {
            let reply = person.send(&bed, method, path, json!({})).await;
            let allowed = match needs {
                Needs::Nothing | Needs::Person => true,
                Needs::Secret => false,
                Needs::Permission(permission) => role.may(*permission),
            };
            assert_eq!(!is_refused(&reply), allowed, "{role:?} {method} {path}: {}", reply.text);
        }
    }
}

#[tokio::test]
async fn a_key_opens_what_its_one_scope_names_and_nothing_else() {
    let bed = bed().await;
    let operations = operations(&bed).await;
    for (number, permission) in Permission::ALL.into_iter().enumerate() {
        let secret = format!("nhk_{number:x<43}");
        bed.keep_key(&secret, vec![permission.as_str().into()], None).await;
        for operation in &operations {
            let reply = operation.ask(&bed, "authorization", &format!("Bearer {secret}")).await;
            let allowed =
                [Needs::Nothing, Needs::Permission(permission)].contains(&operation.needs);
            let Operation { path, method, .. } = operation;
            let opened = !is_refused(&reply);
            assert_eq!(opened, allowed, "{permission:?} {method} {path}: {}", reply.text);
        }
    }
}

/// Cookies and keys that were good once, by what became of them.
async fn outdated(bed: &TestBed) -> Vec<(&'static str, &'static str, String)> {
    let all = || Permission::ALL.map(|permission| permission.as_str().to_owned()).to_vec();
    let expired_key = "nhk_expired-key-00000000000000000000000000000";
    bed.keep_key(expired_key, all(), Some(1)).await;
    let expired = sign_in(bed, Role::Owner).await.cookie;
    bed.advance(TimeDelta::days(2));
    let person = Person::of(&try_login(bed, "owner@nest-haus.test", PASSWORD).await);
    let ended = Person::of(&try_login(bed, "owner@nest-haus.test", PASSWORD).await);
    let signed_out = ended.send(bed, "POST", "/api/admin/auth/logout", Value::Null).await;
    assert_eq!(signed_out.status, StatusCode::NO_CONTENT);
    let made = json!({"name": "revoked", "scopes": all()});
    let made = person.send(bed, "POST", "/api/admin/api-keys", made).await.body;
    let revoke = format!("/api/admin/api-keys?id={}", made["id"].as_str().unwrap());
    assert_eq!(person.send(bed, "DELETE", &revoke, Value::Null).await.status, 204);
    let revoked = format!("Bearer {}", made["key"].as_str().unwrap());
    vec![
        ("nobody", "x-nothing", String::new()),
        ("an expired session", "cookie", expired),
        ("an ended session", "cookie", ended.cookie),
        ("a revoked key", "authorization", revoked),
        ("an expired key", "authorization", format!("Bearer {expired_key}")),
    ]
}

#[tokio::test]
async fn nobody_and_nothing_outdated_opens_anything_but_what_is_public() {
    let bed = bed().await;
    let operations = operations(&bed).await;
    let outdated = outdated(&bed).await;
    for operation in &operations {
        for (who, header, value) in &outdated {
            let reply = operation.ask(&bed, header, value).await;
            let Operation { path, method, needs } = operation;
            let refused = reply.status == StatusCode::UNAUTHORIZED;
            assert_eq!(refused, *needs != Needs::Nothing, "{who} {method} {path}: {}", reply.text);
        }
    }
}

/// What every operation of administrators needs, in Markdown.
async fn operations_table() -> String {
    let bed = bed().await;
    let mut lines = vec!["| operation | needs |".to_owned(), "|---|---|".to_owned()];
    let mut operations = operations(&bed).await;
    operations.sort_by(|one, other| (&one.path, &one.method).cmp(&(&other.path, &other.method)));
    for Operation { path, method, needs } in operations {
        match needs {
            Needs::Nothing | Needs::Secret => {}
            Needs::Person => lines.push(format!("| `{method} {path}` | to be signed in |")),
            Needs::Permission(permission) => {
                lines.push(format!("| `{method} {path}` | `{}` |", permission.as_str()));
            }
        }
    }
    lines.join("\n") + "\n"
}

#[tokio::test]
async fn the_tables_of_roles_and_operations_are_documented() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/roles.md");
    let expected = format!(
        "# Roles and permissions\n\nWritten from the code: `UPDATE=1 cargo test -p nest-haus --features testing --test it access`. \
         An API key has the\npermissions that its scopes name.\n\n{}\n## Operations\n\nFound by asking each one. \
         Operations of the public and of the platform's cron are not listed.\n\n{}",
        permission_table(),
        operations_table().await
    );
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "run with UPDATE=1");
}
