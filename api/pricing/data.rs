//! Vercel function for `GET /api/pricing/data`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::PRICING_DATA)
}
