//! Vercel function for `GET /api/house-options`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::HOUSE_OPTIONS)
}
