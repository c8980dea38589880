//! Vercel function for `GET, PUT /api/admin/alerts/rules`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::ALERTS_RULES)
}
