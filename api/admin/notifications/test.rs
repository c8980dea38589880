//! Vercel function for `POST /api/admin/notifications/test`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::NOTIFICATIONS_TEST)
}
