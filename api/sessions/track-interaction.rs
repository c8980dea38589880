//! Vercel function for `POST /api/sessions/track-interaction`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::TRACK_INTERACTION)
}
