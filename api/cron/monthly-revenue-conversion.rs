//! Vercel function for `GET /api/cron/monthly-revenue-conversion`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::MONTHLY_REVENUE_CONVERSION)
}
