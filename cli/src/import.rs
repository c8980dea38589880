//! Sends recorded click streams of other systems to a running one.

use std::path::Path;
use std::process::ExitCode;

use futures::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use nest_haus_synth::{Request, clickstream};

use crate::Failure;
use crate::sending::{Answers, System};

/// Consents that are sent at a time.
const CONCURRENCY: usize = 16;

/// Sends a stream in batches, the consent of sessions before their first events, and prints how many
/// requests got which answer. Fails if the system refused any.
pub(crate) async fn import(file: &Path, base: &str) -> Result<ExitCode, Failure> {
    let portions = clickstream::open(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let system = System::at(base, "nest-haus-import")?;
    let progress = ProgressBar::no_length()
        .with_style(ProgressStyle::with_template("{spinner} {pos} events, {per_sec}")?);
    let mut answers = Answers::default();
    for portion in portions {
        let portion = portion?;
        let consents = futures::stream::iter(&portion.consents);
        let sent: Vec<Result<(), Failure>> = consents
            .map(|consent| post(&system, consent))
            .buffer_unordered(CONCURRENCY)
            .map(|sent| sent.map(|(request, status)| answers.note(request, status)))
            .collect()
            .await;
        sent.into_iter().collect::<Result<(), Failure>>()?;
        let (batch, status) = post(&system, &portion.batch).await?;
        answers.note(batch, status);
        progress.inc(portion.events as u64);
    }
    progress.finish_and_clear();
    Ok(answers.report())
}

async fn post<'a>(system: &System, request: &'a Request) -> Result<(&'a Request, u16), Failure> {
    Ok((request, system.send(request, "application/json").await?))
}
