//! HTTP connections to a server of this machine: kept alive, as few as are needed, at most so many.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::Failure;

/// A request that takes longer failed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Reports and jobs may take longer.
const TIMEOUT_OF_CALLS: Duration = Duration::from_mins(2);

/// Connections open at a time.
const CONNECTIONS_MAX: usize = 256;

/// A request to send.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// One connection.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: address.to_string().parse()? })
    }

    pub(crate) async fn send(&mut self, outgoing: Outgoing) -> Result<Answer, Failure> {
        let mut request = Request::new(Full::new(outgoing.body));
        *request.method_mut() = outgoing.method;
        *request.uri_mut() = outgoing.path.parse()?;
        request.headers_mut().extend(outgoing.headers);
        tokio::time::timeout(TIMEOUT, self.exchange(request)).await?
    }

    /// Sends a request and reads its answer to the end, so that the connection can be used again.
    async fn exchange(&mut self, mut request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        request.headers_mut().insert(HOST, self.host.clone());
        self.sender.ready().await?;
        let (parts, body) = self.sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }
}

/// A server, and the connections to it that nobody uses just now.
#[derive(Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Target {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        Self { address, idle: Arc::default(), permits }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends by a connection that is free, or a new one, or waits for one.
    pub(crate) async fn send(&self, outgoing: Outgoing) -> Result<Answer, Failure> {
        let _permit = self.permits.acquire().await?;
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => Connection::open(self.address).await?,
        };
        let answer = connection.send(outgoing).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(answer)
    }

    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop().filter(|connection| !connection.sender.is_closed())
    }

    /// Reads a path, by a connection of its own.
    pub(crate) async fn get(&self, path: &str, key: Option<&str>) -> Result<Value, Failure> {
        let mut connection = Connection::open(self.address).await?;
        let mut request = Request::get(path);
        if let Some(key) = key {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        let request = request.body(Full::default())?;
        let answer = tokio::time::timeout(TIMEOUT_OF_CALLS, connection.exchange(request)).await??;
        if !answer.status.is_success() {
            let body = String::from_utf8_lossy(&answer.body);
            return Err(format!("{path} answered {}: {body}", answer.status).into());
        }
        Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}
