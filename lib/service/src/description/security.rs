//! How callers prove who they are, in the words of OpenAPI.
//!
//! A handler's attribute names a *way in*: `admin` for `May<P>`, `session` for `SignedIn`, `cron` for
//! `Cron`. Here each becomes the schemes that open it.

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

/// The name of every scheme, and what it is.
pub(super) fn schemes() -> [(&'static str, SecurityScheme); 4] {
    let bearer = |description: &str| {
        let http = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        SecurityScheme::Http(http.description(Some(description)).build())
    };
    let value = |name: &str, description: &str| ApiKeyValue::with_description(name, description);
    let session = "The cookie that `POST /api/admin/auth/login` sets. It is called \
                   `__Host-nh_admin` on https, and `nh_admin` in local mode.";
    let csrf = "The `csrfToken` of `GET /api/admin/auth/me`: whoever changes something by a session \
                shows it besides the cookie.";
    [
        ("apiKey", bearer("An API key whose scopes name the permission.")),
        ("session", SecurityScheme::ApiKey(ApiKey::Cookie(value("__Host-nh_admin", session)))),
        ("csrf", SecurityScheme::ApiKey(ApiKey::Header(value("x-csrf-token", csrf)))),
        ("cron", bearer("The secret of `CRON_SECRET`, which the platform's cron sends.")),
    ]
}

fn requires(names: &[&str]) -> SecurityRequirement {
    let none = || std::iter::empty::<String>();
    names.iter().fold(SecurityRequirement::default(), |all, name| all.add(*name, none()))
}

/// Replaces the way in that an operation names by the schemes that open it.
pub(super) fn spell_out(operation: &mut Operation, is_safe: bool) {
    let Some(named) = operation.security.take() else { return };
    let by_session =
        || if is_safe { requires(&["session"]) } else { requires(&["session", "csrf"]) };
    let spelled = named.into_iter().flat_map(|way| {
        if way == requires(&["admin"]) {
            vec![requires(&["apiKey"]), by_session()]
        } else if way == requires(&["session"]) {
            vec![by_session()]
        } else {
            vec![way]
        }
    });
    operation.security = Some(spelled.collect());
}
