//! Vercel function for `POST /api/admin/auth/accept-invitation`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::ACCEPT_INVITATION)
}
