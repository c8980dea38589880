//! Vercel function for `POST /api/admin/jobs/{name}/run`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::JOB_RUN)
}
