//! Vercel function for `GET /api/admin/analytics/attribution`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::ATTRIBUTION)
}
