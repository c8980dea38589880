//! Vercel function for `GET /api/admin/analytics/heatmap`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::HEATMAP)
}
