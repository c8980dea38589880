//! Vercel function for `GET /api/cron/weekly-customer-behaviour`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::WEEKLY_CUSTOMER_BEHAVIOUR)
}
