//! Vercel function for `POST /api/admin/users/invite`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::USERS_INVITE)
}
