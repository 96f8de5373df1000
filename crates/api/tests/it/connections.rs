//! The accept loop over real loopback connections.

use std::net::SocketAddr;
use std::time::Duration;

use api::ConnectionLimits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::Face;

struct Served {
    face: Face,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Served {
    async fn within(limits: ConnectionLimits) -> Self {
        let face = Face::of(&[crate::REST]).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(api::serve_within(
            listener,
            face.router.clone(),
            limits,
            async {
                let _ = stopped.await;
            },
        ));
        Self {
            face,
            address,
            stop,
            serving,
        }
    }

    async fn connect(&self) -> TcpStream {
        #[allow(
            clippy::disallowed_methods,
            reason = "the client of this test, on loopback"
        )]
        TcpStream::connect(self.address).await.expect("it listens")
    }

    async fn finish(self) {
        self.stop.send(()).expect("still serving");
        self.serving.await.expect("no panic").expect("no error");
    }
}

async fn send(stream: &mut TcpStream, text: &str) {
    stream
        .write_all(text.as_bytes())
        .await
        .expect("the connection is open");
}

/// Reads until `end` is seen or the peer closes.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&text).contains(end) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => text.extend_from_slice(&buffer[..count]),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[tokio::test]
async fn a_connection_is_kept_and_ends_with_the_server() {
    let served = Served::within(ConnectionLimits::default()).await;
    let mut stream = served.connect().await;
    for _ in 0..2 {
        send(&mut stream, HEALTH).await;
        assert!(
            read_until(&mut stream, "ok\n")
                .await
                .starts_with("HTTP/1.1 200 OK\r\n")
        );
    }
    served.finish().await;
    assert_eq!(
        read_until(&mut stream, "never").await,
        "",
        "closed in good order"
    );
}

#[tokio::test]
async fn live_views_do_not_hold_up_the_end() {
    let served = Served::within(ConnectionLimits {
        grace: Duration::from_secs(600),
        ..ConnectionLimits::default()
    })
    .await;
    let mut stream = served.connect().await;
    send(
        &mut stream,
        &format!(
            "GET /api/v1/live HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
            served.face.token
        ),
    )
    .await;
    assert!(
        read_until(&mut stream, "\r\n\r\n")
            .await
            .contains("text/event-stream")
    );
    tokio::time::timeout(Duration::from_secs(30), served.finish())
        .await
        .expect("ends before the grace");
    assert!(
        read_until(&mut stream, "never")
            .await
            .ends_with("0\r\n\r\n")
    );
}

#[tokio::test]
async fn a_head_that_does_not_end_ends_the_connection() {
    let served = Served::within(ConnectionLimits {
        header_timeout: Duration::from_millis(50),
        ..ConnectionLimits::default()
    })
    .await;
    let mut stream = served.connect().await;
    send(&mut stream, "GET /healthz HTTP/1.1\r\nhost: local").await;
    let answer = tokio::time::timeout(Duration::from_secs(30), read_until(&mut stream, "never"))
        .await
        .expect("is closed");
    assert!(!answer.contains("200"), "{answer}");
    served.finish().await;
}

#[tokio::test]
async fn too_many_headers_are_refused() {
    let served = Served::within(ConnectionLimits::default()).await;
    let many: String = (0..101).map(|at| format!("x-{at}: 1\r\n")).collect();
    let mut stream = served.connect().await;
    send(
        &mut stream,
        &format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"),
    )
    .await;
    let answer = read_until(&mut stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    // What is too long is not read to its end, so the close may overtake the answer.
    let mut stream = served.connect().await;
    let long = "a".repeat(80 << 10);
    let _ = stream
        .write_all(
            format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: {long}\r\n\r\n").as_bytes(),
        )
        .await;
    let answer = read_until(&mut stream, "\r\n\r\n").await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431 "),
        "{answer}"
    );
    served.finish().await;
}

#[tokio::test]
async fn over_the_number_of_connections_the_answer_says_so() {
    let served = Served::within(ConnectionLimits {
        connections_max: 1,
        ..ConnectionLimits::default()
    })
    .await;
    let mut first = served.connect().await;
    send(&mut first, HEALTH).await;
    read_until(&mut first, "ok\n").await;
    let mut second = served.connect().await;
    let answer = read_until(&mut second, "never").await;
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\nretry-after: 1\r\n"),
        "{answer}"
    );
    served.finish().await;
}

#[tokio::test]
async fn a_large_body_is_refused_before_it_is_sent() {
    let served = Served::within(ConnectionLimits::default()).await;
    let mut stream = served.connect().await;
    let head = format!(
        "POST /api/v1/definitions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\nexpect: 100-continue\r\ncontent-length: 104857600\r\n\r\n",
        served.face.token
    );
    send(&mut stream, &head).await;
    let answer = read_until(&mut stream, "}").await;
    assert!(
        answer.starts_with("HTTP/1.1 413 "),
        "no 100 Continue before it: {answer}"
    );
    served.finish().await;
}

#[tokio::test]
async fn http2_is_spoken() {
    let served = Served::within(ConnectionLimits::default()).await;
    let mut stream = served.connect().await;
    // The preface and an empty SETTINGS frame; the answer begins with a SETTINGS frame (type 4, stream 0).
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        .await
        .expect("open");
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).await.expect("an answer");
    assert_eq!((frame[3], &frame[5..]), (4, &[0, 0, 0, 0][..]));
    drop(stream);
    served.finish().await;
}
