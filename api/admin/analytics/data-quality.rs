//! Vercel function for `GET /api/admin/analytics/data-quality`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::DATA_QUALITY)
}
