//! Connections: accepted up to a cap, read within time and size limits, and ended in good order.
//!
//! HTTP/1 and HTTP/2 in clear text; TLS is for what stands in front.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::Service as _;

use crate::stall::StallGuard;

/// What one client, and all of them, may take.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// Over it a connection is answered 503 and closed.
    pub connections_max: usize,
    /// Time for the head of a request; a kept connection without a request ends after the same time.
    pub header_timeout: Duration,
    pub headers_max: usize,
    pub header_bytes_max: usize,
    /// Requests under way on one HTTP/2 connection.
    pub streams_max: u32,
    /// How long a client may leave an answer unread.
    pub write_timeout: Duration,
    /// How long requests under way may take after the shutdown began.
    pub grace: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections_max: 16_384,
            header_timeout: Duration::from_secs(10),
            headers_max: 100,
            header_bytes_max: 32 << 10,
            streams_max: 128,
            write_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// The connection that a request came over, among its extensions.
#[derive(Clone, Debug)]
pub struct Connection {
    pub peer: SocketAddr,
    /// True as soon as the server stops: long answers end then.
    pub closing: watch::Receiver<bool>,
}

/// Serves with the default limits until `shutdown` is ready, then lets requests under way end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_within(listener, router, ConnectionLimits::default(), shutdown).await
}

/// Serves until `shutdown` is ready, then takes no more connections and lets requests under way end within the grace.
pub async fn serve_within(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let connections = Arc::new(Semaphore::new(limits.connections_max));
    let builder = Arc::new(builder(&limits));
    let graceful = GracefulShutdown::new();
    let (close, closing) = watch::channel(false);
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                rest_after(&error).await;
                continue;
            }
        };
        let Ok(place) = connections.clone().try_acquire_owned() else {
            refuse(&stream);
            continue;
        };
        // Without it small answers wait for the client's acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let connection = Connection {
            peer,
            closing: closing.clone(),
        };
        let router = router.clone();
        let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
            request.extensions_mut().insert(connection.clone());
            router.clone().call(request)
        });
        let builder = builder.clone();
        let watcher = graceful.watcher();
        let stream = StallGuard::new(stream, limits.write_timeout);
        tokio::spawn(async move {
            let served = watcher.watch(builder.serve_connection(TokioIo::new(stream), service));
            if let Err(error) = served.await {
                tracing::debug!(%peer, error = %error, "connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    let _ = close.send(true);
    if tokio::time::timeout(limits.grace, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests were still under way when the grace was over");
    }
    Ok(())
}

fn builder(limits: &ConnectionLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.headers_max)
        .max_buf_size(limits.header_bytes_max);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_max)
        .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX))
        .keep_alive_interval(limits.header_timeout)
        .keep_alive_timeout(limits.header_timeout);
    builder
}

/// A failed accept is about one connection, or about us (no file descriptors left): then a moment must pass.
async fn rest_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::error!(%error, "cannot accept connections");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// One attempt to say why, without waiting for a client that may be hostile.
fn refuse(stream: &TcpStream) {
    let body = r#"{"type":"/errors/overloaded","title":"Too much to do at once","status":503,"detail":"too many connections"}"#;
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.try_write(answer.as_bytes());
}
