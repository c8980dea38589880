//! Vercel function for `GET /api/admin/analytics/performance`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::PERFORMANCE)
}
