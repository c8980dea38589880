//! Vercel function for `POST /api/sessions/track-conversion`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::TRACK_CONVERSION)
}
