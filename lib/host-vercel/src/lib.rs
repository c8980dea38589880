//! Serves one endpoint, or a group of them, under the Vercel runtime.
//!
//! The runtime's contract shapes this crate: an error returned to it leaks into the answer and a
//! panic never ends the invocation, so neither gets through; work for after the answer goes into
//! `wait_until`, which keeps the invocation alive until it is done.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use axum::body::Body;
use bytes::Bytes;
use futures::FutureExt;
use http_body_util::BodyExt;
use nest_haus::endpoints::{Endpoint, Group, of_group};
use nest_haus::service::{Answer, Service};
use vercel_runtime::{AppState, Error, Request, Response, ResponseBody, service_fn};

const WORKER_THREADS: usize = 2;

/// Serves one endpoint until the platform ends the process.
#[must_use]
pub fn serve(endpoint: Endpoint) -> ExitCode {
    run(vec![endpoint])
}

/// Serves all endpoints of a group: the compact deployment's functions.
#[must_use]
pub fn serve_group(group: Group) -> ExitCode {
    run(of_group(group))
}

fn run(endpoints: Vec<Endpoint>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .enable_all()
        .build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(serve_requests(endpoints)),
        Err(error) => Err(error.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "the function ended");
            ExitCode::FAILURE
        }
    }
}

async fn serve_requests(endpoints: Vec<Endpoint>) -> Result<(), Error> {
    let service = Service::from_process_vars(&endpoints);
    let handle = move |request: Request, state: AppState| {
        let service = service.clone();
        async move { Ok::<_, Error>(answer(&service, request, &state).await) }
    };
    vercel_runtime::run(service_fn(handle)).await
}

async fn answer(service: &Service, request: Request, state: &AppState) -> Response<ResponseBody> {
    let answered = AssertUnwindSafe(service.call(request.map(Body::new))).catch_unwind().await;
    let Ok(Answer { response, after }) = answered else {
        return failed();
    };
    let (parts, body) = response.into_parts();
    let Ok(body) = body.collect().await else {
        return failed();
    };
    if let Some(work) = after {
        state.wait_until(work);
    }
    Response::from_parts(parts, ResponseBody::from(body.to_bytes()))
}

/// The answer of last resort: something below every handler failed.
fn failed() -> Response<ResponseBody> {
    let body = Bytes::from_static(br#"{"success":false,"error":"an unexpected error occurred"}"#);
    let mut response = Response::new(ResponseBody::from(body));
    *response.status_mut() = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
    response
}
