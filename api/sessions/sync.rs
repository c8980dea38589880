//! Vercel function for `POST /api/sessions/sync`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::SYNC)
}
