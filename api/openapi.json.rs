//! Vercel function for `GET /api/openapi.json`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::OPENAPI)
}
