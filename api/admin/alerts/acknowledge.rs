//! Vercel function for `POST /api/admin/alerts/acknowledge`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::ALERTS_ACKNOWLEDGE)
}
