use tokio::io::BufReader;

use super::{Line, MAIL_BYTES_MAX, read_command, read_data};

async fn check_data(sent: &[u8], expected: &str) {
    let data = read_data(&mut BufReader::new(sent))
        .await
        .expect("the data ends")
        .expect("it is small");
    assert_eq!(
        String::from_utf8_lossy(&data),
        expected,
        "sent {:?}",
        String::from_utf8_lossy(sent)
    );
}

#[tokio::test]
async fn data_ends_at_the_dot_and_doubled_dots_are_undone() {
    check_data(b".\r\n", "").await;
    check_data(b"a\r\n.\r\nQUIT\r\n", "a\r\n").await;
    check_data(b"..\r\n...b\r\nc.\r\n.\r\n", ".\r\n..b\r\nc.\r\n").await;
}

#[tokio::test]
async fn a_dot_between_bare_line_feeds_does_not_end_the_mail() {
    check_data(
        b"a\n.\nMAIL FROM:<x@example.com>\r\n.\r\n",
        "a\n.\nMAIL FROM:<x@example.com>\r\n",
    )
    .await;
    check_data(b"a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n").await;
}

#[tokio::test]
async fn a_long_line_is_kept_whole() {
    let long = format!("{}.\r\n", "x".repeat(40_000));
    check_data(format!("{long}.\r\n").as_bytes(), &long).await;
}

#[tokio::test]
async fn too_large_a_mail_is_read_to_its_end_and_refused() {
    let mut sent = vec![b'x'; MAIL_BYTES_MAX];
    sent.extend_from_slice(b"\r\n.\r\nQUIT\r\n");
    let mut stream = BufReader::new(&sent[..]);
    assert_eq!(read_data(&mut stream).await.expect("the data ends"), None);
    let Ok(Some(Line::Command(next))) = read_command(&mut stream).await else {
        panic!("no command")
    };
    assert_eq!(next, "QUIT");
}

#[tokio::test]
async fn a_client_that_leaves_within_the_data_sends_no_mail() {
    assert!(
        read_data(&mut BufReader::new(&b"half a ma"[..]))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn an_endless_command_is_refused_and_the_next_one_is_read() {
    let sent = format!("NOOP {}\r\nNOOP\r\n", "x".repeat(100_000));
    let mut stream = BufReader::new(sent.as_bytes());
    assert!(matches!(
        read_command(&mut stream).await,
        Ok(Some(Line::TooLong))
    ));
    assert!(
        matches!(read_command(&mut stream).await, Ok(Some(Line::Command(line))) if line == "NOOP")
    );
    assert!(matches!(read_command(&mut stream).await, Ok(None)));
}
