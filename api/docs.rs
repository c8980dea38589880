//! Vercel function for `GET /api/docs`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::DOCS)
}
