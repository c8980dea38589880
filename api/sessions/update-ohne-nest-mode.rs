//! Vercel function for `POST /api/sessions/update-ohne-nest-mode`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::UPDATE_OHNE_NEST_MODE)
}
