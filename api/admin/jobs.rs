//! Vercel function for `GET /api/admin/jobs`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::JOBS)
}
