//! Vercel function for `GET /api/admin/audit`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::AUDIT_LOG)
}
