//! Makes visits and everything that is rolled up from events anew.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use nest_haus::analytics::visits::{mark_all, project};
use nest_haus::platform::App;

use crate::Failure;

/// Progress is shown this often.
const STEP: Duration = Duration::from_secs(5);

/// Another projection is given this time to finish.
const WAIT: Duration = Duration::from_secs(1);

pub(crate) async fn run(app: &App) -> Result<(), Failure> {
    let sessions = mark_all(app).await?;
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} sessions, {eta} left")?;
    let progress = ProgressBar::new(sessions).with_style(style);
    let mut hours = 0;
    loop {
        let report = project(app, STEP).await?;
        progress.inc(report.sessions);
        hours += report.hours;
        if report.complete {
            break;
        }
        if report.held_elsewhere {
            tokio::time::sleep(WAIT).await;
        }
    }
    progress.finish_and_clear();
    eprintln!("{} sessions and {hours} hours were made anew", progress.position());
    Ok(())
}
