//! Vercel function for `GET /api/admin/retention`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::RETENTION_PREVIEW)
}
