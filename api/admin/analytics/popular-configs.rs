//! Vercel function for `GET /api/admin/analytics/popular-configs`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::POPULAR_CONFIGS)
}
