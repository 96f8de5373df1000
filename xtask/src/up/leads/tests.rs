use super::*;

#[test]
fn signatures_are_those_of_rfc_4231() {
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(sign("Jefe", b"what do ya want for nothing?"), expected);
}

#[test]
fn secrets_are_lines_of_name_and_value() {
    let secrets =
        parse_secrets("# for the demo\n\nSEGUE_SECRET_CONTACT_FORM = a=b \nOTHER=1\n").unwrap();
    assert_eq!(webhook_secret(&secrets).unwrap(), "a=b");
    assert_eq!(secrets.len(), 2);
}

#[test]
fn a_line_that_is_no_secret_is_named() {
    let error = parse_secrets("A=1\nnonsense\n").unwrap_err();
    assert_eq!(error.to_string(), "line 2: expected `NAME=value`");
}

#[test]
fn a_missing_secret_is_named_with_those_there() {
    let secrets = parse_secrets("OTHER=1").unwrap();
    let error = webhook_secret(&secrets).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the example's secrets lack SEGUE_SECRET_CONTACT_FORM; they hold OTHER"
    );
}

#[test]
fn samples_come_in_order_and_none_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    assert!(read_samples(directory.path()).is_err());
    for name in ["2-small.json", "1-big.json", "notes.md"] {
        let text = r#"{"about": "a", "headers": {"x-delivery-id": "d"}, "body": {}, "expected": {"status": 202}}"#;
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    let samples = read_samples(directory.path()).unwrap();
    let names: Vec<&str> = samples.iter().map(|sample| sample.name.as_str()).collect();
    assert_eq!(names, ["1-big", "2-small"]);
}

#[test]
fn two_deliveries_of_one_lead_differ() {
    let text = r#"{"about": "a", "headers": {"x-delivery-id": "d-1"}, "body": {}, "expected": {"status": 202}}"#;
    let delivery = |mark| parse_sample("one".to_owned(), text, mark).unwrap().delivery;
    assert_eq!(
        delivery(1),
        delivery(1),
        "the repeated one of the same `up` is the same"
    );
    assert_ne!(delivery(1), delivery(2));
    let without = text.replace("x-delivery-id", "x-other");
    assert!(parse_sample("one".to_owned(), &without, 1).is_err());
}

fn lead() -> Lead {
    Lead {
        name: "ann".to_owned(),
        run: "/api/v1/runs/1".to_owned(),
        trouble: None,
    }
}

/// A server on loopback that answers each connection with the next reply.
fn serve(replies: &'static [&'static str]) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for reply in replies {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                std::io::Read::read_exact(&mut stream, &mut byte).unwrap();
                asked.extend(byte);
            }
            std::io::Write::write_all(&mut stream, reply.as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn a_run_is_open_until_its_status_is_final_and_a_refused_look_up_is_tried_again() {
    let address = serve(&[
        "HTTP/1.1 200 OK\r\n\r\n{\"status\": \"running\"}",
        "HTTP/1.1 503 Service Unavailable\r\n\r\nbusy",
        "HTTP/1.1 200 OK\r\n\r\n{\"status\": \"faulted\"}",
    ]);
    let mut lead = lead();
    assert_eq!(lead.end(&address, "token"), None);
    assert_eq!(lead.end(&address, "token"), None);
    let trouble = "ann: /api/v1/runs/1 answered 503: busy";
    assert_eq!(lead.trouble.as_deref(), Some(trouble));
    assert_eq!(lead.end(&address, "token").as_deref(), Some("faulted"));
    assert_eq!(lead.trouble, None);
}
