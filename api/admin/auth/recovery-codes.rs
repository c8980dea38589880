//! Vercel function for `POST /api/admin/auth/recovery-codes`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::RECOVERY_CODES)
}
