//! Vercel function for `GET /api/admin/analytics/sessions`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::SESSION_LIST)
}
