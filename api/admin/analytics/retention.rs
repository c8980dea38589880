//! Vercel function for `GET /api/admin/analytics/retention`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::RETENTION)
}
