//! Vercel function for `GET, POST, PATCH /api/admin/users`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::USERS)
}
