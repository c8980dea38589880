//! Logs: one JSON object a line on standard error, or plain text in local mode.

use tracing_subscriber::EnvFilter;

use super::config::Environment;

/// Starts logging for the process; a second call changes nothing.
pub fn start_telemetry(environment: Environment, filter: Option<&str>) {
    let filter = EnvFilter::try_new(filter.unwrap_or("info,sqlx=warn"))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _already_started = match environment {
        Environment::Local => logs.compact().try_init(),
        Environment::Staging | Environment::Production => {
            logs.json().flatten_event(true).try_init()
        }
    };
}
