//! What the system is compared with: a bare server that reads the same bodies, and the same with one
//! command to Redis.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use redis::aio::ConnectionManager;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::Failure;

/// What the baseline does with a body.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Append each body to a stream of the Redis at this address.
    #[arg(long, requires = "stream")]
    redis: Option<String>,
    /// The stream.
    #[arg(long)]
    stream: Option<String>,
}

#[derive(Clone)]
struct Queue {
    redis: ConnectionManager,
    stream: String,
}

/// Serves on a port of its own until it is killed.
pub(crate) async fn serve(options: Options) -> Result<(), Failure> {
    let queue = match options.redis.zip(options.stream) {
        Some((url, stream)) => {
            let redis = ConnectionManager::new(redis::Client::open(url)?).await?;
            Some(Queue { redis, stream })
        }
        None => None,
    };
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    eprintln!("serving on http://{}", listener.local_addr()?);
    let router = Router::new().fallback(accept).with_state(queue);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn accept(State(queue): State<Option<Queue>>, body: Bytes) -> StatusCode {
    if serde_json::from_slice::<Value>(&body).is_err() {
        return StatusCode::BAD_REQUEST;
    }
    let Some(Queue { mut redis, stream }) = queue else { return StatusCode::ACCEPTED };
    let mut append = redis::cmd("XADD");
    append.arg(stream).arg("*").arg("body").arg(body.as_ref());
    match append.query_async::<String>(&mut redis).await {
        Ok(_) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
