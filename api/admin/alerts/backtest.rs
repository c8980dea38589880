//! Vercel function for `GET /api/admin/alerts/backtest`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::ALERTS_BACKTEST)
}
