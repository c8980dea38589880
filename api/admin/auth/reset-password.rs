//! Vercel function for `POST /api/admin/auth/reset-password`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::RESET_PASSWORD)
}
