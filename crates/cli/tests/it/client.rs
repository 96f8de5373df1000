//! Commands that ask a server.

use super::program::{Folder, Going, Up, assert_in_order, command, finish, segue, with_env};

const FLAKY: &str = "
document: { dsl: '1.0.3', namespace: sales, name: flaky, version: '1.0.0' }
do:
  - first: { set: { n: '${ .n }' } }
  - check:
      switch:
        - bad: { when: .n == 0, then: break }
        - good: { then: end }
  - break:
      raise: { error: { type: 'https://example.com/errors/zero', status: 500, title: Zero, detail: is not allowed } }
";

const REST: &str = "
document: { dsl: '1.0.3', namespace: sales, name: rest, version: '1.0.0' }
schedule: { on: { one: { with: { type: rest.wanted } } } }
do:
  - rest: { wait: { hours: 1 } }
";

fn folder() -> Folder {
    Folder::with(&[
        ("workflows/flaky.yaml", FLAKY),
        ("workflows/rest.yaml", REST),
    ])
}

#[test]
fn a_run_is_started_and_its_end_is_told() {
    let folder = folder();
    let up = Up::start(&folder);
    let good = up.ask(&["start", "sales/flaky", "--input", r#"{"n": 1}"#, "--wait"]);
    assert_eq!(
        (good.code, &*good.out),
        (0, "{\n  \"n\": 1\n}\n"),
        "{good:?}"
    );
    let bad = up.ask(&["start", "flaky", "--input", r#"{"n": 0}"#, "--wait"]);
    assert_eq!((bad.code, &*bad.out), (1, ""), "{bad:?}");
    assert_in_order(
        &bad.notes,
        &[
            "started ",
            "the run faulted: Zero (zero 500): is not allowed",
            "segue show",
        ],
    );
    let missing = up.ask(&["start", "nothing"]);
    assert_eq!(
        (missing.code, &*missing.notes),
        (
            1,
            "error: there is no workflow `nothing`\nhelp: `segue workflows` lists them\n"
        )
    );

    let table = up.ask(&["runs", "--status", "faulted"]);
    assert_in_order(
        &table.out,
        &[
            "RUN ",
            "WORKFLOW",
            "STATUS",
            "SUMMARY\n",
            "sales/flaky",
            "faulted",
        ],
    );
    assert_eq!(table.out.lines().count(), 2);
    let id = up.answer(&["runs", "--status", "faulted"])["runs"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = up.ask(&["show", &id]).out;
    assert_in_order(
        &shown,
        &[
            "break",
            "faulted",
            "error:",
            "Zero (zero 500)",
            "at /do/2/break",
            "next:",
            "segue retry",
        ],
    );
    assert!(
        up.ask(&["show", &id, "--history"])
            .out
            .contains("run faulted: Zero")
    );
    assert_in_order(
        &up.ask(&["logs", &id]).out,
        &["run started", "task started first", "run faulted"],
    );
    // Followed to its end, which has come.
    assert!(
        up.ask(&["logs", &id, "--follow"])
            .out
            .contains("run faulted")
    );

    let retried = up.answer(&["retry", &id, "--from", "check"])["run"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(up.answer(&["show", &retried])["retryOf"], id);
}

#[test]
fn a_run_is_held_and_goes_on() {
    let folder = folder();
    let up = Up::start(&folder);
    let id = up.answer(&[
        "emit",
        "rest.wanted",
        "--namespace",
        "sales",
        "--data-json",
        r#"{"a": 1}"#,
    ])["runs"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(up.answer(&["show", &id])["input"][0]["data"]["a"], 1);
    assert_eq!(up.ask(&["suspend", &id]).out, format!("suspended {id}\n"));
    assert_eq!(up.answer(&["show", &id])["status"], "suspended");
    assert_eq!(up.ask(&["resume", &id]).code, 0);
    assert_ne!(up.answer(&["show", &id])["status"], "suspended");
    let unknown = up.ask(&["resolve", &id, "999", "--again"]);
    assert_eq!(unknown.code, 1, "{unknown:?}");
    let wrong = up.ask(&["show", "abc"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert_eq!(
        up.ask(&["show", "ffffffffff"]).notes,
        "error: there is no run `ffffffffff`\nhelp: `segue runs` lists them\n"
    );
}

#[test]
fn a_run_is_followed_to_its_end() {
    let folder = folder();
    let up = Up::start(&folder);
    let id = up.answer(&["start", "rest"])["run"]
        .as_str()
        .unwrap()
        .to_owned();
    let data = folder.text("data");
    let mut logs = Going::start(command(&["logs", &id, "--follow", "--data", &data]), false);
    assert!(logs.line().ends_with("run started\n"));
    assert_eq!(up.ask(&["cancel", &id, "--reason", "enough"]).code, 0);
    let (code, rest) = logs.end();
    assert_eq!(code, 0, "{rest}");
    assert!(rest.trim_end().ends_with("run cancelled: enough"), "{rest}");
}

#[test]
fn secrets_go_in_and_never_out() {
    let folder = folder();
    let up = Up::start(&folder);
    let put = up.ask_with(
        &["secret", "put", "crm-token", "--namespace", "sales"],
        "s3cret\n",
    );
    assert_eq!(
        (put.code, &*put.out),
        (0, "kept sales/crm-token\n"),
        "{put:?}"
    );
    assert_eq!(
        up.ask(&["secret", "list", "--namespace", "sales"]).out,
        "crm-token\n"
    );
    assert_eq!(
        up.ask(&["secret", "rm", "crm-token", "--namespace", "sales"])
            .code,
        0
    );
    assert_eq!(up.ask(&["secret", "list", "--namespace", "sales"]).out, "");
    let empty = up.ask(&["secret", "put", "x", "--namespace", "sales"]);
    assert_eq!(
        (empty.code, &*empty.notes),
        (1, "error: the secret is empty\n")
    );
}

#[test]
fn files_are_brought_to_a_server() {
    let folder = folder();
    let up = Up::start(&folder);
    let source = "
apiVersion: segue/v1
kind: Source
metadata: { namespace: shop, name: orders }
spec:
  webhook: { verify: none }
  event: { type: order.placed }
";
    let workflow = FLAKY.replace("sales", "shop");
    let more = Folder::with(&[
        ("workflows/flaky.yaml", &workflow),
        ("sources/orders.yaml", source),
    ]);
    let applied = up.ask(&["apply", &more.text("")]);
    assert_eq!(
        (applied.code, &*applied.out),
        (
            0,
            "applied source/shop/orders\napplied workflow/shop/flaky 1.0.0\n"
        ),
        "{applied:?}"
    );
    let sources = up.ask(&["sources", "--namespace", "shop"]).out;
    assert_in_order(
        &sources,
        &["shop/orders", "/hooks/shop/orders", "none", "order.placed"],
    );
    assert_in_order(
        &up.ask(&["workflows"]).out,
        &["sales/flaky", "sales/rest", "shop/flaky"],
    );

    more.write(
        "workflows/flaky.yaml",
        &workflow.replace("n: '${ .n }'", "n: 2"),
    );
    let conflict = up.ask(&["apply", &more.text("workflows/flaky.yaml")]);
    assert_eq!(conflict.code, 1, "{conflict:?}");
    assert!(
        conflict.notes.contains("nothing was applied"),
        "{conflict:?}"
    );
    assert_eq!(
        up.ask(&["apply", "--replace", &more.text("workflows/flaky.yaml")])
            .code,
        0
    );
    more.write("workflows/flaky.yaml", &workflow.replace("set:", "sett:"));
    let broken = up.ask(&["apply", &more.text("")]);
    assert_eq!(broken.code, 1);
    assert_in_order(&broken.notes, &["flaky.yaml:4:5", "nothing was applied"]);
}

#[test]
fn a_server_that_is_not_there_or_not_ours_is_told() {
    let none = segue(&["runs", "--server", "http://127.0.0.1:1"]);
    assert_eq!(none.code, 3);
    assert_in_order(
        &none.notes,
        &[
            "cannot reach the server at http://127.0.0.1:1/: nothing answers there",
            "help: start one with `segue up`",
        ],
    );
    let json = segue(&["--json", "runs", "--server", "http://127.0.0.1:1"]);
    let document: serde_json::Value = serde_json::from_str(&json.notes).unwrap();
    assert_eq!(document["exitCode"], 3);

    let folder = folder();
    let up = Up::start(&folder);
    let nobody = segue(&["runs", "--server", up.url()]);
    assert_eq!(nobody.code, 1);
    assert!(nobody.notes.contains("no token was found"), "{nobody:?}");
    let stranger = with_env(
        command(&["runs", "--server", up.url()]),
        &[("SEGUE_TOKEN", "segue_x")],
    );
    let stranger = finish(stranger, "");
    assert!(
        stranger.notes.contains("the token from SEGUE_TOKEN"),
        "{stranger:?}"
    );
}
