//! Serves the whole endpoint registry on AWS Lambda.
//!
//! Lambda knows nothing like `wait_until`: work for after the answer is done before it.

use lambda_http::request::RequestContext;
use lambda_http::{Body, Error, Request, RequestExt, Response, service_fn};
use nest_haus::endpoints;
use nest_haus::service::{Answer, Service};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let service = Service::from_process_vars(endpoints::ALL);
    lambda_http::run(service_fn(move |request| {
        let service = service.clone();
        async move { answer(&service, request).await }
    }))
    .await
}

async fn answer(service: &Service, mut request: Request) -> Result<Response<Body>, Error> {
    trust_only_the_gateway(&mut request);
    let (parts, body) = request.into_parts();
    let request = axum::extract::Request::from_parts(parts, axum::body::Body::from(body.to_vec()));
    let Answer { response, after } = service.call(request).await;
    if let Some(work) = after {
        work.await;
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await?;
    let body = match String::from_utf8(bytes.into()) {
        Ok(text) => Body::Text(text),
        Err(binary) => Body::Binary(binary.into_bytes()),
    };
    Ok(Response::from_parts(parts, body))
}

/// The caller's address is what the gateway saw, whatever headers say.
fn trust_only_the_gateway(request: &mut Request) {
    let address = match request.request_context() {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip,
        RequestContext::ApiGatewayV1(context) => context.identity.source_ip,
        _ => None,
    };
    request.headers_mut().remove("x-real-ip");
    if let Some(address) = address.and_then(|address| address.parse().ok()) {
        request.headers_mut().insert("x-real-ip", address);
    }
}
