//! Vercel function for `POST /api/pricing/calculate`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::PRICING_CALCULATE)
}
