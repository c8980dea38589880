//! Vercel function for `GET /api/cron/send-notifications`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::SEND_NOTIFICATIONS)
}
