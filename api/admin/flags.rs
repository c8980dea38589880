//! Vercel function for `GET, PUT /api/admin/flags`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::FLAGS)
}
