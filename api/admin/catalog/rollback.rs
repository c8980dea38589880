//! Vercel function for `POST /api/admin/catalog/rollback`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::ADMIN_CATALOG_ROLLBACK)
}
