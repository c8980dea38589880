//! Vercel function for `GET /api/cron/partitions`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::PARTITIONS)
}
