//! Vercel function for `GET /api/admin/analytics/dropoff`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::DROP_OFF)
}
