//! The local host: every endpoint, the cron schedule and the static files in one process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use nest_haus::endpoints;
use nest_haus::http::{COMMON_HEADERS, PAGE_HEADERS, Peer};
use nest_haus::monitoring::flush;
use nest_haus::platform::App;
use nest_haus::service::{Answer, Service};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::files::Files;
use crate::mail::MailFolder;
use crate::{Failure, cron};

/// Time that work after answers gets when the process is asked to end.
const GRACE: Duration = Duration::from_secs(15);

/// How to serve.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Folder of static files.
    #[arg(long, default_value = "public")]
    public: PathBuf,
    /// Do not run the cron schedule.
    #[arg(long)]
    no_cron: bool,
}

#[derive(Clone)]
struct Host {
    service: Service,
    files: Files,
    mails: Option<MailFolder>,
    after: TaskTracker,
}

/// Serves until the process is asked to end, then finishes requests and work after answers.
pub(crate) async fn run(app: App, options: Options) -> Result<(), Failure> {
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", options.listen))?;
    let host = Host {
        service: Service::new(endpoints::ALL, app.clone()),
        files: Files::new(&options.public),
        mails: mail_folder(&app),
        after: TaskTracker::new(),
    };
    let schedule =
        (!options.no_cron).then(|| tokio::spawn(cron::run(app.clone(), host.service.clone())));
    let router = Router::new().fallback(answer).with_state(host.clone());
    eprintln!("serving on http://{}", listener.local_addr()?);
    let make = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, make).with_graceful_shutdown(asked_to_end()).await?;
    if let Some(schedule) = schedule {
        schedule.abort();
    }
    host.after.close();
    if tokio::time::timeout(GRACE, host.after.wait()).await.is_err() {
        eprintln!("work after answers did not end in {} s and was left", GRACE.as_secs());
    }
    flush(&app, app.clock.now()).await;
    Ok(())
}

async fn answer(
    State(host): State<Host>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    if !request.uri().path().starts_with("/api/") {
        return page(host, request).await;
    }
    request.extensions_mut().insert(Peer(peer.ip()));
    let Answer { response, after } = host.service.call(request).await;
    if let Some(work) = after {
        host.after.spawn(work);
    }
    response
}

fn mail_folder(app: &App) -> Option<MailFolder> {
    let mail = &app.config.mail;
    Some(MailFolder::new(mail.folder.clone()?, mail.public_url.clone()))
}

/// A static file, or what was written instead of a mail.
async fn page(host: Host, request: Request) -> Response {
    let mail = match &host.mails {
        Some(mails) => mails.page(request.uri().path()).await,
        None => None,
    };
    let mut response = match mail {
        Some(page) => (PAGE_HEADERS, page).into_response(),
        None => host.files.answer(request).await,
    };
    for (name, value) in COMMON_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn asked_to_end() {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    else {
        let _interrupted = interrupt.await;
        return;
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}
