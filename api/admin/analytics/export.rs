//! Vercel function for `GET /api/admin/analytics/export`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::EXPORT)
}
