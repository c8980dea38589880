//! Vercel function for `POST /api/sessions`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::SESSIONS)
}
