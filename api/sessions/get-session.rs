//! Vercel function for `GET /api/sessions/get-session`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::GET_SESSION)
}
