//! `segue validate`: what is wrong, where, and what to do about it.

use super::program::{Folder, segue};

const GOOD: &str = "
document: { dsl: '1.0.3', namespace: sales, name: greet, version: '1.0.0' }
do:
  - hello: { set: { said: '${ .name }' } }
";

const BAD: &str = "document: { dsl: '1.0.3', namespace: sales, name: greet, version: '1.0.0' }
do:
  - hello:
      sett: { said: hello }
  - bye:
      set: { said: '${ .name | }' }
      then: nowhere
";

const SOURCE: &str = "
apiVersion: segue/v1
kind: Source
metadata: { namespace: sales, name: form }
spec:
  webhook: { verify: none }
  event: { type: lead.submitted }
";

#[test]
fn every_problem_is_shown_in_its_place() {
    let folder = Folder::with(&[("bad.yaml", BAD)]);
    let left = segue(&["validate", &folder.text("bad.yaml")]);
    assert_eq!(left.code, 1);
    assert_eq!(left.notes, "");
    assert_eq!(
        folder.hide(&left.out),
        "error[task-kind]: task `hello` says nothing to do
 --> FOLDER/bad.yaml:3:5
  |
3 |   - hello:
  |     ^^^^^
  |
  = help: did you mean `set`?

error[expression]: expected a value, a path or a function, found `}`
 --> FOLDER/bad.yaml:6:32
  |
6 |       set: { said: '${ .name | }' }
  |                                ^

error[unknown-task]: there is no task `nowhere` in this list
 --> FOLDER/bad.yaml:7:13
  |
7 |       then: nowhere
  |             ^^^^^^^
  |
  = help: allowed here: `bye`, `continue`, `end`, `exit` and `hello`

1 file: not valid, 3 errors
"
    );
}

#[test]
fn programs_get_the_same_as_json() {
    let folder = Folder::with(&[("bad.yaml", BAD)]);
    let left = segue(&["validate", "--json", &folder.text("bad.yaml")]);
    assert_eq!(left.code, 1);
    let answer = left.json();
    assert_eq!(answer["errors"], 3);
    assert_eq!(answer["isValid"], false);
    assert_eq!(
        folder.hide(&answer["problems"][2].to_string()),
        r#"{"path":"FOLDER/bad.yaml","code":"unknown-task","severity":"error","message":"there is no task `nowhere` in this list","pointer":"/do/1/bye/then","line":7,"column":13,"offset":176,"end":183,"help":"allowed here: `bye`, `continue`, `end`, `exit` and `hello`"}"#
    );
}

/// The exit code and the last line for a folder with these files.
fn check(files: &[(&str, &str)], args: &[&str], expected: (i32, &str)) {
    let folder = Folder::with(files);
    let path = folder.text("");
    let mut all = vec!["validate", &*path];
    all.extend(args);
    let left = segue(&all);
    let last = format!("{}{}", left.out, left.notes);
    let last = last.trim_end().lines().last().unwrap_or_default();
    assert_eq!((left.code, &*folder.hide(last)), expected, "{left:?}");
}

#[test]
fn a_project_is_checked_as_a_whole() {
    let project = [
        ("workflows/a.yaml", GOOD),
        ("sources/form.yaml", SOURCE),
        ("segue.yaml", "log: json"),
    ];
    check(&project, &[], (0, "3 files: valid"));
    // Other files of a project are none of ours.
    check(
        &[("workflows/a.yaml", GOOD), ("leads/1.json", "{}")],
        &[],
        (0, "1 file: valid"),
    );
    let wrong_source = SOURCE.replace("verify: none", "verify: nobody");
    check(
        &[
            ("workflows/a.yaml", GOOD),
            ("sources/form.yaml", &wrong_source),
        ],
        &[],
        (1, "2 files: not valid, 1 error"),
    );
    check(
        &[
            ("workflows/a.yaml", GOOD),
            ("segue.yaml", "lisen: x\nlog: xml"),
        ],
        &[],
        (1, "2 files: not valid, 2 errors"),
    );
    // A folder that is no project: all of its files.
    check(
        &[
            ("x/a.yaml", GOOD),
            ("b.json", "{}"),
            (".hidden/c.yaml", "x"),
        ],
        &[],
        (1, "2 files: not valid, 2 errors"),
    );
    check(
        &[("README.md", "x")],
        &[],
        (1, "error: there are no YAML or JSON files in FOLDER/"),
    );
}

#[test]
fn a_warning_is_a_failure_only_when_asked() {
    let unreachable = "
document: { dsl: '1.0.3', namespace: sales, name: pay, version: '1.0.0' }
do:
  - stop: { set: { a: 1 }, then: end }
  - never: { set: { a: 2 } }
";
    check(
        &[("a.yaml", unreachable)],
        &[],
        (0, "1 file: valid, 1 warning"),
    );
    check(
        &[("a.yaml", unreachable)],
        &["--strict"],
        (1, "1 file: not valid, 1 warning"),
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let left = segue(&["validate", "/nowhere/x.yaml"]);
    assert_eq!(left.code, 1);
    assert_eq!(
        left.notes,
        "error: cannot read /nowhere/x.yaml: No such file or directory (os error 2)\n"
    );
}
