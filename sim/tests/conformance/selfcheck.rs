//! The runner itself: what does not hold must fail.

use gherkin::{Feature, GherkinEnv};
use libtest_mimic::{Failed, Trial};

use crate::{cases, run};

/// Steps that must fail, and a word of the reason.
const MUST_FAIL: [(&str, &str, &str); 8] = [
    (
        "unknown step",
        "Then the workflow should be happy with it",
        "is no status",
    ),
    (
        "unknown wording",
        "Then everything is fine",
        "no step reads like this",
    ),
    (
        "wrong output",
        "Then the workflow should complete with output:\n    \"\"\"yaml\n    n: 2\n    \"\"\"",
        "the output is",
    ),
    (
        "wrong status",
        "Then the workflow should fault",
        "is Completed",
    ),
    ("wrong order", "Then one should run after two", "ran before"),
    ("task that ran", "Then one should not run", "did run"),
    (
        "wrong time",
        "Then the task two should start 1 seconds after the start",
        "after the start",
    ),
    (
        "event that was not published",
        "Then an event should have been published with:\n    \"\"\"yaml\n    type: a\n    \"\"\"",
        "published was only",
    ),
];

const SCENARIO: &str = r#"Feature: Self check
  Scenario: Self check
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: self-check
      version: '1.0.0'
    do:
      - one:
          set: { n: 0 }
      - two:
          set: { n: 1 }
    """
    When the workflow is executed
"#;

pub fn trials() -> Vec<Trial> {
    let of = |(name, step, reason): (&'static str, &'static str, &'static str)| {
        Trial::test(format!("runner: {name} fails"), move || {
            must_fail(step, reason)
        })
    };
    MUST_FAIL.into_iter().map(of).collect()
}

fn must_fail(step: &str, reason: &str) -> Result<(), Failed> {
    let feature = Feature::parse(format!("{SCENARIO}    {step}\n"), GherkinEnv::default())?;
    for (_, steps) in feature
        .scenarios
        .iter()
        .map(cases)
        .collect::<Result<Vec<_>, _>>()?
        .concat()
    {
        match run(&steps) {
            Ok(()) => return Err(Failed::from("the step was accepted")),
            Err(failed)
                if failed
                    .message()
                    .is_some_and(|message| message.contains(reason)) => {}
            Err(failed) => {
                return Err(Failed::from(format!(
                    "another reason: {:?}",
                    failed.message()
                )));
            }
        }
    }
    Ok(())
}
