use std::net::TcpListener;

use super::*;

/// Serves one connection with `reply` and returns what was asked.
fn serve_once(reply: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut buffer = [0; 1024];
        while !asked.ends_with(b"\r\n\r\n") && !asked.ends_with(b"}") {
            let read = stream.read(&mut buffer).unwrap();
            asked.extend_from_slice(&buffer[..read]);
        }
        stream.write_all(reply.as_bytes()).unwrap();
        String::from_utf8(asked).unwrap()
    });
    (address, server)
}

#[test]
fn a_post_carries_headers_and_body_and_the_reply_is_read() {
    let (address, server) =
        serve_once("HTTP/1.1 202 Accepted\r\nLocation: /runs/1\r\n\r\n{\"a\": 1}\n");
    let reply = post(&address, "/hooks", &[("x-signature", "s")], b"{}").unwrap();
    assert_eq!(reply.status, 202);
    assert_eq!(reply.header("location"), Some("/runs/1"));
    assert_eq!(reply.text(), "{\"a\": 1}");
    let expected = format!(
        "POST /hooks HTTP/1.0\r\nhost: {address}\r\nx-signature: s\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    assert_eq!(server.join().unwrap(), expected);
}

#[test]
fn what_is_not_http_is_an_error_that_names_the_request() {
    let (address, server) = serve_once("220 mail ready\r\n");
    let error = get(&address, "/readyz", &[]).unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        format!("GET http://{address}/readyz: not an HTTP reply")
    );
    server.join().unwrap();
}
