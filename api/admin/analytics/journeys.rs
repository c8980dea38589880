//! Vercel function for `GET /api/admin/analytics/journeys`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::JOURNEYS)
}
