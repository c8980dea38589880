//! Vercel function for `POST /api/admin/dead-letters/replay`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::DEAD_LETTERS_REPLAY)
}
