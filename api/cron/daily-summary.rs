//! Vercel function for `GET /api/cron/daily-summary`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::DAILY_SUMMARY)
}
