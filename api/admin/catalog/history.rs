//! Vercel function for `GET /api/admin/catalog/history`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::ADMIN_CATALOG_HISTORY)
}
