//! Vercel function for `POST /api/sessions/track`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::TRACK)
}
