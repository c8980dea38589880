//! Vercel function for `GET /api/cron/performance-rollup`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::PERFORMANCE_ROLLUP)
}
