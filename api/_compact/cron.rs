//! Function of the compact deployment for all cron endpoints.

fn main() -> std::process::ExitCode {
    host_vercel::serve_group(nest_haus::endpoints::Group::Cron)
}
