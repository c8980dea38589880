//! Vercel function for `POST, PUT, DELETE /api/admin/auth/totp`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::TOTP)
}
