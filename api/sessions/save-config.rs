//! Vercel function for `POST /api/sessions/save-config`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::SAVE_CONFIG)
}
