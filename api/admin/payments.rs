//! Vercel function for `POST /api/admin/payments`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::PAYMENTS)
}
