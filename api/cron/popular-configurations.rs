//! Vercel function for `GET /api/cron/popular-configurations`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::POPULAR_CONFIGURATIONS)
}
