//! Vercel function for `POST /api/admin/auth/password`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::PASSWORD)
}
