//! Vercel function for `GET /api/admin/monitoring/performance`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::SYSTEM_PERFORMANCE)
}
