//! Vercel function for `GET /api/admin/analytics/user-journey`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::USER_JOURNEY)
}
