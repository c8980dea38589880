//! Vercel function for `POST /api/admin/auth/logout`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::LOGOUT)
}
