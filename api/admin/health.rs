//! Vercel function for `GET /api/admin/health`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::ADMIN_HEALTH)
}
