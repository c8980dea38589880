//! Vercel function for `GET, POST, DELETE /api/admin/api-keys`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::API_KEYS)
}
