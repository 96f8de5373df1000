//! `segue run`: one definition in the program itself.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::program::{Folder, Going, assert_in_order, command, finish, segue, with_env};

const ADD: &str = "
document: { dsl: '1.0.3', namespace: sums, name: add, version: '1.0.0' }
schedule: { every: { milliseconds: 1 } }
input:
  schema:
    document: { type: object, required: [a], properties: { a: { type: number } } }
do:
  - outer:
      do:
        - inner: { set: { sum: '${ .a + 1 }' } }
";

const FAIL: &str = "
document: { dsl: '1.0.3', namespace: sums, name: fail, version: '1.0.0' }
do:
  - broken:
      raise: { error: { type: 'https://example.com/errors/full', status: 507, title: Full, detail: no room } }
";

const REST: &str = "
document: { dsl: '1.0.3', namespace: sums, name: rest, version: '1.0.0' }
do:
  - rest: { wait: { hours: 1 } }
";

#[test]
fn the_result_is_on_standard_output_and_the_way_there_beside_it() {
    let folder = Folder::with(&[("add.yaml", ADD)]);
    let left = segue(&["run", &folder.text("add.yaml"), "--input", r#"{"a": 1}"#]);
    assert_eq!(
        (left.code, &*left.out),
        (0, "{\n  \"sum\": 2\n}\n"),
        "{left:?}"
    );
    assert_in_order(
        &left.notes,
        &["· outer\n", "  · inner\n", "  ✓ inner", "✓ outer"],
    );
    let quiet = segue(&[
        "run",
        &folder.text("add.yaml"),
        "--input",
        r#"{"a": 1}"#,
        "--quiet",
    ]);
    assert_eq!((quiet.code, &*quiet.notes), (0, ""));
    let json = segue(&[
        "--json",
        "run",
        &folder.text("add.yaml"),
        "--input",
        r#"{"a": 1}"#,
    ])
    .json();
    assert_eq!(
        (&json["status"], &json["output"]["sum"]),
        (&"completed".into(), &2.into())
    );
}

#[test]
fn the_input_comes_from_a_file_or_from_standard_input() {
    let folder = Folder::with(&[("add.yaml", ADD), ("input.json", r#"{"a": 5}"#)]);
    let (add, input) = (
        folder.text("add.yaml"),
        format!("@{}", folder.text("input.json")),
    );
    assert_eq!(
        segue(&["run", &add, "--input", &input]).out,
        "{\n  \"sum\": 6\n}\n"
    );
    let left = finish(command(&["run", &add, "--input", "-"]), r#"{"a": 7}"#);
    assert_eq!(left.out, "{\n  \"sum\": 8\n}\n");
}

/// Exit code and notes without progress.
fn check(file: &str, args: &[&str], code: i32, notes: &str) {
    let folder = Folder::with(&[("a.yaml", file)]);
    let path = folder.text("a.yaml");
    let mut all = vec!["run", &*path, "--quiet"];
    all.extend(args);
    let left = segue(&all);
    assert_eq!(
        (left.code, &*folder.hide(&left.notes)),
        (code, notes),
        "{left:?}"
    );
    assert_eq!(left.out, "");
}

#[test]
fn what_goes_wrong_is_said_and_ends_with_one() {
    check(
        FAIL,
        &[],
        1,
        "the run faulted: Full (full 507): no room\n  at /do/0/broken\n",
    );
    check(
        ADD,
        &["--input", r#"{"a": "x"}"#],
        1,
        "error: \"x\" is not of type \"number\"\n  in the input, at `/a`\nerror: the input is not valid\n",
    );
    check(
        ADD,
        &["--input", "{\"a\":\n 1,}"],
        1,
        "error: the input is not JSON: expected a key in quotes at line 2, column 4 of the input\n",
    );
    check(
        ADD,
        &["--timeout", "soon"],
        2,
        "error: `--timeout`: expected a duration such as 30s, PT1H or P30D, found `soon`\n",
    );
    check(
        "apiVersion: segue/v1",
        &[],
        1,
        "error: FOLDER/a.yaml is not a workflow definition\nhelp: connections and sources are given with `--connections`\n",
    );
}

#[test]
fn a_run_that_takes_too_long_is_cancelled() {
    let folder = Folder::with(&[("rest.yaml", REST)]);
    let left = segue(&[
        "run",
        &folder.text("rest.yaml"),
        "--timeout",
        "50ms",
        "--quiet",
    ]);
    assert_eq!(left.code, 1);
    assert_in_order(
        &left.notes,
        &[
            "error: the run was cancelled: it took longer than 50ms",
            "help: `rest` waited for timer: until ",
        ],
    );
}

#[test]
fn a_run_ends_with_its_program() {
    let folder = Folder::with(&[("rest.yaml", REST)]);
    let mut run = Going::start(command(&["run", &folder.text("rest.yaml")]), true);
    assert_eq!(run.line(), "· rest\n");
    run.terminate();
    let (code, notes) = run.end();
    assert_eq!(code, 1);
    assert!(
        notes.contains("the run was cancelled: it was interrupted"),
        "{notes}"
    );
}

#[test]
fn connections_and_secrets_are_given_with_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connection = format!(
        "
apiVersion: segue/v1
kind: Connection
metadata: {{ namespace: sums, name: shop }}
spec:
  http: {{ endpoint: 'http://{address}' }}
  authentication: {{ bearer: {{ token: {{ secret: shop-token }} }} }}
"
    );
    let call = "
document: { dsl: '1.0.3', namespace: sums, name: call, version: '1.0.0' }
do:
  - ask: { call: shop.get, with: { path: /stock } }
";
    let folder = Folder::with(&[("call.yaml", call), ("more/shop.yaml", &connection)]);
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
            head.push(byte[0]);
        }
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 8\r\n\r\n{{\"n\": 3}}"
        )
        .unwrap();
        String::from_utf8(head).unwrap()
    });
    let (file, more) = (folder.text("call.yaml"), folder.text("more"));
    let run = command(&["run", &file, "--connections", &more]);
    let left = finish(with_env(run, &[("SEGUE_SECRET_SHOP_TOKEN", "t0ken")]), "");
    assert_eq!(
        (left.code, &*left.out),
        (0, "{\n  \"n\": 3\n}\n"),
        "{left:?}"
    );
    let head = server.join().unwrap();
    assert!(head.starts_with("GET /stock "), "{head}");
    assert!(head.contains("authorization: Bearer t0ken"), "{head}");
    // Nothing of this machine is called in production.
    let strict = command(&[
        "run",
        &file,
        "--connections",
        &more,
        "--profile",
        "production",
        "--quiet",
    ]);
    let left = finish(
        with_env(strict, &[("SEGUE_SECRET_SHOP_TOKEN", "t0ken")]),
        "",
    );
    assert_eq!(left.code, 1);
    assert!(left.notes.contains("127.0.0.1"), "{left:?}");
}

#[test]
fn a_run_is_kept_where_its_user_says() {
    let folder = Folder::with(&[("add.yaml", ADD)]);
    let data = folder.text("data");
    let left = segue(&[
        "run",
        &folder.text("add.yaml"),
        "--input",
        r#"{"a": 1}"#,
        "--data",
        &data,
    ]);
    assert_eq!(left.code, 0);
    assert!(super::program::exists(folder.path("data/segue.db")));
}
