//! Vercel function for `GET /api/cron/sync-interactions`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::SYNC_INTERACTIONS)
}
