//! Vercel function for `POST /api/admin/alerts/mute`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::ALERTS_MUTE)
}
