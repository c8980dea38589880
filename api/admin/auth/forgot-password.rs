//! Vercel function for `POST /api/admin/auth/forgot-password`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::FORGOT_PASSWORD)
}
