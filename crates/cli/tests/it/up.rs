//! `segue up`: a folder is served, watched, and left in good order.

use super::program::{Folder, Up, assert_in_order, exists, post, segue};

const SOURCE: &str = "
apiVersion: segue/v1
kind: Source
metadata: { namespace: sales, name: form }
spec:
  webhook: { verify: none }
  event: { type: lead.submitted }
";

const ON_LEAD: &str = "
document: { dsl: '1.0.3', namespace: sales, name: on-lead, version: '1.0.0' }
schedule: { on: { one: { with: { type: lead.submitted } } } }
input: { from: '.[0].data' }
do:
  - thank: { set: { thanks: '${ .name }' } }
  - rest: { wait: { hours: 1 } }
";

const GREET: &str = "
document: { dsl: '1.0.3', namespace: sales, name: greet, version: '1.0.0' }
do:
  - hello: { set: { said: hello } }
";

fn project() -> Folder {
    Folder::with(&[
        ("workflows/on-lead.yaml", ON_LEAD),
        ("workflows/greet.yaml", GREET),
        ("sources/form.yaml", SOURCE),
    ])
}

#[test]
fn a_delivery_becomes_a_run_that_can_be_seen_and_ended() {
    let folder = project();
    let up = Up::start(&folder);
    let token = std::fs::read_to_string(folder.path("data/owner-token")).unwrap();
    assert!(token.len() > 32);
    let url = up.url().to_owned();
    assert_eq!(
        up.banner["sources"][0]["url"],
        format!("{url}/hooks/sales/form")
    );
    assert_eq!(up.banner["profile"], "development");

    let (status, answer) = post(&url, "/hooks/sales/form", r#"{"name": "Nora"}"#);
    assert_eq!(status, 202, "{answer}");
    let id = answer
        .split("/api/v1/runs/")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap()
        .to_owned();
    // The end of its id is enough.
    let end = &id[id.len() - 8..];
    let shown = up.ask(&["show", end]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert_in_order(
        &shown.out,
        &[
            "sales/on-lead 1.0.0",
            &id,
            "by hook:sales/form",
            "\"name\": \"Nora\"",
            "thank",
            "completed",
            "waits for:",
            "rest  timer: until",
            "next:",
            "segue cancel",
        ],
    );
    let cancelled = up.ask(&["cancel", end, "--reason", "enough"]);
    assert_eq!(
        (cancelled.code, cancelled.out),
        (0, format!("cancelled {id}\n"))
    );
    assert_eq!(up.answer(&["show", &id])["status"], "cancelled");
    let again = up.ask(&["cancel", end]);
    assert_eq!(
        (again.code, &*again.notes),
        (1, "error: the run has ended as cancelled\n")
    );

    assert!(exists(folder.path("data/address")));
    let left = up.terminate();
    assert_eq!(left.code, 0, "{left:?}");
    assert!(left.notes.contains("stopped"), "{left:?}");
    assert!(!exists(folder.path("data/address")));
}

#[test]
fn what_ran_is_still_there_after_a_restart() {
    let folder = project();
    let up = Up::start(&folder);
    let id = up.answer(&["start", "greet"])["run"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(up.terminate().code, 0);
    let up = Up::start(&folder);
    assert_eq!(
        up.answer(&["runs", "--workflow", "greet"])["runs"][0]["id"],
        id
    );
}

#[test]
fn a_changed_file_is_taken_up_and_a_broken_one_is_told() {
    let folder = project();
    let mut up = Up::start_with(&folder, |command| {
        command.args(["--log", "json"]);
    });
    folder.write("workflows/greet.yaml", &GREET.replace("set:", "sett:"));
    let log = up.log_until("the version before stays active");
    assert!(log.contains("says nothing to do"), "{log}");
    assert!(
        log.lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "{log}"
    );
    let said = |up: &Up| up.ask(&["start", "sales/greet", "--wait"]).out;
    assert_eq!(said(&up), "{\n  \"said\": \"hello\"\n}\n");
    folder.write(
        "workflows/greet.yaml",
        &GREET.replace("said: hello", "said: goodbye"),
    );
    up.log_until("took up workflow/sales/greet 1.0.0");
    assert_eq!(said(&up), "{\n  \"said\": \"goodbye\"\n}\n");
    folder.write(
        "workflows/new.yaml",
        &GREET.replace("name: greet", "name: new"),
    );
    up.log_until("took up workflow/sales/new 1.0.0");
    std::fs::remove_file(folder.path("workflows/new.yaml")).unwrap();
    up.log_until("what it defined stays");
    folder.write(
        "sources/form.yaml",
        &SOURCE.replace("verify: none", "verify: nobody"),
    );
    up.log_until("the version before stays active");
    assert_eq!(post(up.url(), "/hooks/sales/form", "{}").0, 202);
}

#[test]
fn a_broken_folder_is_not_started() {
    let folder = project();
    folder.write("workflows/greet.yaml", &GREET.replace("set:", "sett:"));
    folder.write(
        "sources/form.yaml",
        &SOURCE.replace("verify: none", "verify: nobody"),
    );
    let (project, data) = (folder.text(""), folder.text("data"));
    let left = segue(&["up", &project, "--listen", "127.0.0.1:0", "--data", &data]);
    assert_eq!((left.code, &*left.out), (1, ""));
    // Both files, with their lines.
    assert_in_order(
        &left.notes,
        &["greet.yaml:4:5", "form.yaml:6:", "nothing was started"],
    );
    assert!(!exists(folder.path("data")));
}

#[test]
fn a_version_that_was_released_is_not_replaced_in_production() {
    let folder = project();
    let args = |command: &mut std::process::Command| {
        command.args(["--profile", "production"]);
    };
    let up = Up::start_with(&folder, args);
    assert_eq!(
        (&up.banner["profile"], &up.banner["isWatching"]),
        (&"production".into(), &false.into())
    );
    up.terminate();
    folder.write(
        "workflows/greet.yaml",
        &GREET.replace("said: hello", "said: goodbye"),
    );
    let (project, data) = (folder.text(""), folder.text("data"));
    let left = segue(&[
        "up",
        &project,
        "--profile",
        "production",
        "--listen",
        "127.0.0.1:0",
        "--data",
        &data,
    ]);
    assert_eq!(left.code, 1, "{left:?}");
    assert!(left.notes.contains("greet"), "{left:?}");
}

#[test]
fn settings_are_checked_before_anything_starts() {
    let folder = project();
    folder.write("segue.yaml", "profile: prod\nlisten: 0.0.0.0:7300\n");
    let project = folder.text("");
    let left = segue(&["up", &project, "--retention", "long"]);
    assert_eq!(left.code, 1);
    assert_eq!(
        folder.hide(&left.notes),
        "error: `profile`: expected development or production, found `prod`
 --> FOLDER/segue.yaml:1:10
  |
1 | profile: prod
  |          ^^^^

error: `listen`: a folder cannot open this machine to the network
 --> FOLDER/segue.yaml:2:9
  |
2 | listen: 0.0.0.0:7300
  |         ^^^^^^^^^^^^
  |
  = help: say so with `--listen` or SEGUE_LISTEN
error: `--retention`: expected a duration such as P30D, or forever, found `long`
  in the command line
error: the settings are not valid
"
    );
    assert!(!exists(folder.path(".segue")));
}

#[test]
fn whoever_opens_the_machine_to_the_network_is_warned() {
    let folder = project();
    let mut up = Up::start_with(&folder, |command| {
        command.args(["--listen", "0.0.0.0:0"]);
    });
    let log = up.log_until("--profile production");
    assert!(log.contains("listening on 0.0.0.0:0"), "{log}");
    assert!(up.url().starts_with("http://127.0.0.1:"), "{}", up.url());
}
