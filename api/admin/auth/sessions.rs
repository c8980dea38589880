//! Vercel function for `GET, DELETE /api/admin/auth/sessions`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::OWN_SESSIONS)
}
