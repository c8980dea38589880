//! Vercel function for `POST /api/sessions/update-user-data`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::UPDATE_USER_DATA)
}
