use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::StallGuard;

#[tokio::test]
async fn a_peer_that_takes_nothing_is_given_up() {
    let (ours, _theirs) = tokio::io::duplex(4);
    let mut guard = StallGuard::new(ours, Duration::ZERO);
    guard.write_all(b"1234").await.expect("there is room");
    let error = guard.write_all(b"5").await.expect_err("nobody reads");
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_slow_peer_that_reads_is_served() {
    let (ours, mut theirs) = tokio::io::duplex(4);
    let mut guard = StallGuard::new(ours, Duration::from_secs(600));
    let mut read = Vec::new();
    let (written, ended) = tokio::join!(
        async {
            guard.write_all(b"more than four bytes").await?;
            guard.shutdown().await
        },
        theirs.read_to_end(&mut read)
    );
    written.expect("all of it was taken");
    ended.expect("it ended");
    assert_eq!(read, b"more than four bytes");
}
