//! Vercel function for `GET /api/catalog`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::CATALOG)
}
