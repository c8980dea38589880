//! Vercel function for `GET /api/admin/notifications`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::NOTIFICATIONS)
}
