//! Vercel function for `GET /api/cron/evaluate-alerts`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::EVALUATE_ALERTS)
}
