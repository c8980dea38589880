//! Vercel function for `GET /api/admin/reports/content`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::REPORT_CONTENT)
}
