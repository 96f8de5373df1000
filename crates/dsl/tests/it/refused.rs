//! What a person reads when a definition is wrong: a table of mistakes, each with its problems.
//!
//! A case is a name, a text, and `line:column code pointer message (help)` for each problem. A heading is added below the
//! text unless the text brings its own, so that lines count from the top of what is shown here.

mod calls;
mod data;
mod document;
mod tasks;

use crate::specification::render;

const HEADING: &str = "document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}";

fn check(cases: &[(&str, &str, &str)]) {
    let mut wrong = String::new();
    for (name, text, expected) in cases {
        let has_heading = text.contains("dsl")
            || text.trim().is_empty()
            || text.starts_with('#')
            || text.starts_with(' ');
        let text = if has_heading {
            (*text).to_owned()
        } else {
            format!("{text}\n{HEADING}\n")
        };
        let found = render(&dsl::validate(&text));
        if found.trim_end() != *expected {
            wrong.push_str(&format!(
                "== {name}\n{text}\n-- expected\n{expected}\n-- found\n{found}\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
