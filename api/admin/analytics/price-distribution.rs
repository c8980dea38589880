//! Vercel function for `GET /api/admin/analytics/price-distribution`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::PRICE_DISTRIBUTION)
}
