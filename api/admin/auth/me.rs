//! Vercel function for `GET /api/admin/auth/me`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::ME)
}
