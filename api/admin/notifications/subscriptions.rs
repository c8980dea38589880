//! Vercel function for `GET, PUT /api/admin/notifications/subscriptions`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::NOTIFICATIONS_SUBSCRIPTIONS)
}
