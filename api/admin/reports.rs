//! Vercel function for `GET /api/admin/reports`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::REPORTS)
}
