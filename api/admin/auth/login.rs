//! Vercel function for `POST /api/admin/auth/login`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::LOGIN)
}
