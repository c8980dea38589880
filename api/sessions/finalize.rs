//! Vercel function for `POST /api/sessions/finalize`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::FINALIZE)
}
