//! Vercel function for `GET, PUT /api/admin/internal-traffic`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::INTERNAL_TRAFFIC)
}
