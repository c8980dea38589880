//! Vercel function for `GET /api/cron/aggregate-daily`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::AGGREGATE_DAILY)
}
