//! Vercel function for `GET /api/admin/analytics/real-time`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::REAL_TIME)
}
