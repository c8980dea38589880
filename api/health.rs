//! Vercel function for `GET /api/health`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::HEALTH)
}
