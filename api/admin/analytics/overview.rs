//! Vercel function for `GET /api/admin/analytics/overview`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::OVERVIEW)
}
