//! Vercel function for `GET, PUT /api/admin/catalog`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::ADMIN_CATALOG)
}
