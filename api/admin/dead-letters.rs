//! Vercel function for `GET /api/admin/dead-letters`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::DEAD_LETTERS)
}
