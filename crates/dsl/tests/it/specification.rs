//! The specification's own documents: every example is accepted, every invalid document refused.

use std::fs;
use std::path::{Path, PathBuf};

pub fn documents(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/spec")
        .join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder is part of the crate")
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .collect()
}

/// `line:column code pointer message (help)`, one problem a line.
pub fn render(problems: &[dsl::Problem]) -> String {
    let mut lines = String::new();
    for problem in problems {
        let help = problem
            .help
            .as_ref()
            .map(|help| format!(" ({help})"))
            .unwrap_or_default();
        lines.push_str(&format!(
            "{}:{} {} {} {}{help}\n",
            problem.span.line, problem.span.column, problem.code, problem.pointer, problem.message
        ));
    }
    lines
}

#[test]
fn every_example_is_accepted() {
    let documents = documents("examples");
    assert_eq!(documents.len(), 66);
    let mut refused = String::new();
    for (name, text) in &documents {
        if let Err(problems) = dsl::parse(text) {
            refused.push_str(&format!("{name}\n{}", render(&problems)));
        }
    }
    assert_eq!(refused, "");
}

#[test]
fn every_scenario_of_the_kit_has_an_accepted_definition() {
    let mut count = 0;
    for (name, feature) in documents("ctk") {
        for definition in definitions_of(&feature) {
            count += 1;
            let problems = dsl::parse(&definition).err().unwrap_or_default();
            assert_eq!(render(&problems), "", "{name}:\n{definition}");
        }
    }
    assert_eq!(count, 21);
}

/// The documents after `Given a workflow with definition:`.
fn definitions_of(feature: &str) -> Vec<String> {
    let mut definitions = Vec::new();
    let mut lines = feature.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "Given a workflow with definition:" {
            let fence = lines.next().expect("a fence follows");
            let indentation = fence.len() - fence.trim_start().len();
            let body = lines.by_ref().take_while(|line| line.trim() != "\"\"\"");
            definitions.push(
                body.map(|line| format!("{}\n", line.get(indentation..).unwrap_or_default()))
                    .collect(),
            );
        }
    }
    definitions
}

#[test]
fn invalid_documents_are_refused() {
    let mut all = String::new();
    for (name, text) in documents("invalid") {
        let problems = dsl::parse(&text).expect_err(&name);
        all.push_str(&format!("{name}\n{}", render(&problems)));
    }
    insta::assert_snapshot!(all, @"
    extra-property-in-call.yaml
    12:7 unknown-key /do/0/getPet/foo a `call` task has no key `foo` (allowed here: `call`, `export`, `if`, `input`, `metadata`, `output`, `then`, `timeout` and `with`)
    listen-any-until-any-until.yaml
    7:1 duplicate-key /do the key `do` is here a second time, first on line 6 (remove one of the two)
    14:13 unknown-key /do/0/callDoctor/listen/to/until/until an `until` cannot have an `until` of its own
    two-tasks-in-one-item.yaml
    12:5 exactly-one /do/0/setMessage an entry of `do` has one name only, found `getPet` and `setMessage` (start the second with a dash of its own: `- setMessage:`)
    ");
}

#[test]
fn the_embedded_schema_is_the_standards() {
    let (_, yaml) = documents("schema").remove(0);
    let embedded = include_str!("../../src/validate/workflow-schema.json");
    let document = dsl::yaml::parse(&yaml).unwrap().remove(0);
    assert_eq!(
        document.root.to_value(),
        dsl::Value::parse_json(embedded.as_bytes()).unwrap()
    );
}

#[test]
fn expressions_may_give_what_the_schema_gives_a_form() {
    let text = "
document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}
do:
  - a:
      emit:
        event:
          with:
            source: ${ .source }
            type: x
            time: ${ .time }
            dataschema: ${ .schema }
            data:
              text: |
                ${
                  .over
                  .lines
                }
  - b:
      raise: {error: {type: '${ .type }', status: 500, instance: '${ .instance }', title: '${ .title }'}}
";
    let problems = dsl::validate(text);
    assert_eq!(render(&problems), "");
}

/// Functions that Segue brings along, operations of connections, conditions, and events that start it.
#[test]
fn a_definition_of_our_own_is_one_of_the_standard() {
    for (name, text) in documents("own") {
        let problems = dsl::validate(&text);
        let errors: Vec<_> = problems
            .iter()
            .filter(|problem| problem.severity == dsl::Severity::Error)
            .cloned()
            .collect();
        assert_eq!(render(&errors), "", "{name}");
    }
}
