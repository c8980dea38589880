//! Vercel function for `POST /api/sessions/update-consent`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::UPDATE_CONSENT)
}
