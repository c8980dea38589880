//! Vercel function for `GET /api/cron/sync-configurations`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::SYNC_CONFIGURATIONS)
}
