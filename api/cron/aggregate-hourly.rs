//! Vercel function for `GET /api/cron/aggregate-hourly`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::AGGREGATE_HOURLY)
}
