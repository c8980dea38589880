//! How long one function takes from its start to the answer to the first event.

use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::time::Instant;

use bytes::Bytes;
use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UnixListener;
use uuid::Uuid;

use crate::connection::{Connection, Outgoing};
use crate::finding::{Better, Figure, MEDIAN_VARIES, TAIL_VARIES, median, quantile};
use crate::process::{Memory, Process};
use crate::system::{System, program};
use crate::{Bench, Failure, Found};

const FUNCTION: &str = "sessions-track-interaction";

/// Starts of each kind.
const STARTS: usize = 40;

/// Milliseconds that the first event may take beyond connecting to Redis.
const MAX_MS: f64 = 50.0;

const PING: &str = "ping of the same function";

pub(crate) fn run(bench: &Bench) -> Result<Found, Failure> {
    let runtime = &bench.runtime;
    let system = runtime.block_on(System::start(&bench.servers, &[]))?;
    let (mut events, mut pings, mut connects) = (Vec::new(), Vec::new(), Vec::new());
    let mut memory = Vec::new();
    for number in 0..bench.either(STARTS, 3) {
        let session = format!("cold-{number}");
        let (event, resident) = runtime.block_on(start(&system, &event(&session)))?;
        events.push(event);
        memory.push(resident);
        pings.push(runtime.block_on(start(&system, &ping()))?.0);
        let started = Instant::now();
        let answered = runtime.block_on(async {
            let mut redis = bench.servers.redis().await?;
            redis::cmd("PING").query_async::<String>(&mut redis).await?;
            Ok::<_, Failure>(started.elapsed())
        })?;
        connects.push(answered.as_secs_f64() * 1e3);
    }
    runtime.block_on(system.end(&bench.servers))?;
    let connect = median(&connects);
    let (name, limit) = ("start to the first event's answer", MAX_MS + connect);
    let p50 = compared(&format!("{name}, p50"), (&events, &pings), 0.5, MEDIAN_VARIES);
    let is_met = p50.value < limit;
    let figures = vec![
        p50.target(&format!("below {MAX_MS} ms and connecting: {limit:.1} ms"), is_met),
        compared(&format!("{name}, p95"), (&events, &pings), 0.95, TAIL_VARIES),
        Figure::new("connecting to Redis", "ms", &connects),
        Figure::new("memory after the first event", "MB", &memory),
    ];
    let method = format!(
        "The function {FUNCTION}, as it is deployed, is started {} times under the protocol of the \
         platform's runtime: from spawning the process over its message that it listens to the answer \
         to one event on a new connection. In turns with it: the same with a ping, which needs \
         nothing but the process, and connecting to the same Redis with a PING. The platform's own \
         time to get a machine ready is not in it.",
        events.len()
    );
    Ok(Found { method, figures, ..Found::default() })
}

/// A quantile of each ten starts beside that of the pings in turns with them.
fn compared(name: &str, (events, pings): (&[f64], &[f64]), q: f64, varies: f64) -> Figure {
    let of_tens = |all: &[f64]| all.chunks(10).map(|ten| quantile(ten, q)).collect::<Vec<f64>>();
    let (own, others) = (of_tens(events), of_tens(pings));
    Figure::new(name, "ms", &own).against(PING, (&own, &others), Better::Lower, varies)
}

fn event(session: &str) -> Outgoing {
    let interaction = json!({"eventType": "click", "category": "button", "elementId": "buy"});
    let body = json!({"sessionId": session, "interaction": interaction});
    outgoing(Method::POST, "/api/sessions/track-interaction", body.to_string().into())
}

fn ping() -> Outgoing {
    outgoing(Method::GET, "/_vercel/ping", Bytes::new())
}

fn outgoing(method: Method, path: &str, body: Bytes) -> Outgoing {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (HeaderName::from_static("x-vercel-internal-invocation-id"), "inv-1"),
        (HeaderName::from_static("x-vercel-internal-request-id"), "1"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    Outgoing { method, path: path.to_owned(), headers: headers.to_vec(), body }
}

/// Starts the function, sends it one request and ends it. Milliseconds until its answer, and the
/// memory that it holds then.
async fn start(system: &System, request: &Outgoing) -> Result<(f64, f64), Failure> {
    let socket = std::env::temp_dir().join(format!("nh-bench-{}.sock", Uuid::new_v4().simple()));
    let listener = UnixListener::bind(&socket)?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = Command::new(program(FUNCTION)?);
    command.env_clear().envs(system.variables());
    command.env("VERCEL_IPC_PATH", &socket).env("VERCEL_DEV_PORT", port.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let process = Process::start(&mut command)?;
    let accepted = listener.accept().await;
    std::fs::remove_file(&socket)?;
    let mut messages = BufReader::new(accepted?.0).split(0);
    let message = messages.next_segment().await?.ok_or("the function ended")?;
    let message: serde_json::Value = serde_json::from_slice(&message)?;
    if message["type"] != "server-started" {
        return Err(format!("the function said {message}").into());
    }
    let mut connection = Connection::open(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    let answer = connection.send(request.clone()).await?;
    let took = started.elapsed().as_secs_f64() * 1e3;
    if !answer.status.is_success() {
        return Err(format!("the function answered {}", answer.status).into());
    }
    Ok((took, Memory::of(process.id())?.resident))
}
