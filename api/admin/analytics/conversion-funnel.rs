//! Vercel function for `GET /api/admin/analytics/conversion-funnel`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::CONVERSION_FUNNEL)
}
