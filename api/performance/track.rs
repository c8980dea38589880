//! Vercel function for `POST /api/performance/track`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::TRACK_PERFORMANCE)
}
