//! Headers that tell a browser what an answer, or a page, may do and who may use it.

/// Headers of every answer and of every page.
pub const COMMON_HEADERS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// Headers of every answer besides: it is data, and nothing in it is loaded or run.
pub const ANSWER_HEADERS: [(&str, &str); 1] =
    [("content-security-policy", "default-src 'none'; frame-ancestors 'none'")];

/// Headers of every page besides: it uses its own origin and nothing else, no inline code, and images
/// that it draws itself.
pub const PAGE_HEADERS: [(&str, &str); 2] = [
    (
        "content-security-policy",
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
    ),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Who may load an answer: anybody where any origin may read it, else its own origin alone.
#[must_use]
pub fn resource_policy(path: &str) -> &'static str {
    let is_private = path.starts_with("/api/admin/") || path.starts_with("/api/cron/");
    if is_private { "same-origin" } else { "cross-origin" }
}
