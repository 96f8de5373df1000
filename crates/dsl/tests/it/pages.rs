//! Every code of a problem has its page, and the examples on the pages are what they say.

use std::fs;
use std::path::PathBuf;

use dsl::problem::code;

fn page(code: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/errors")
        .join(format!("{code}.md"));
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("`{code}` needs a page {}: {error}", path.display()))
}

/// A part of a definition as a whole one.
fn complete(example: &str) -> String {
    let indented = |depth: usize| {
        example
            .lines()
            .map(|line| format!("{}{line}\n", " ".repeat(depth)))
            .collect::<String>()
    };
    let first = example.split(':').next().unwrap_or_default();
    let tasks = match first {
        "document" => format!("{example}do: [{{a: {{wait: PT1S}}}}]\n"),
        "do" | "use" => example.to_owned(),
        "schedule" | "input" if example.contains("\ndo:") => example.to_owned(),
        "schedule" | "input" => format!("{example}do: [{{a: {{wait: PT1S}}}}]\n"),
        "with" => format!("do:\n  - a:\n      call: http\n{}", indented(6)),
        "for" => format!(
            "do:\n  - a:\n{}      do: [{{b: {{wait: PT1S}}}}]\n",
            indented(6)
        ),
        _ => format!("do:\n  - a:\n{}", indented(6)),
    };
    let heading = if first == "document" {
        ""
    } else {
        "document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}\n"
    };
    format!("{tasks}{heading}")
}

fn examples(page: &str) -> Vec<String> {
    page.split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn every_code_has_its_page() {
    for code in code::ALL {
        let page = page(code);
        assert!(page.starts_with(&format!("# {code}: ")), "{code}");
        assert!(
            page.contains("\n## Cause\n") && page.contains("\n## What to do\n"),
            "{code}"
        );
    }
}

#[test]
fn every_page_has_its_code() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let is_of_language = text.contains("\n## Example\n");
        let code = text
            .strip_prefix("# ")
            .and_then(|rest| rest.split(':').next())
            .unwrap_or_default();
        // Other parts of Segue have pages of their own in this folder; those with a definition in them are ours.
        assert!(
            !is_of_language || !text.contains("```yaml\ndo:") || code::ALL.contains(&code),
            "{code}"
        );
    }
}

#[test]
fn examples_show_what_they_say() {
    let mut shown = 0;
    for code in code::ALL {
        if let [wrong, right] = &examples(&page(code))[..] {
            let found: Vec<_> = dsl::validate(&complete(wrong))
                .iter()
                .map(|problem| problem.code)
                .collect();
            assert!(
                found.contains(code),
                "{code}: {found:?}\n{}",
                complete(wrong)
            );
            let left = dsl::validate(&complete(right));
            assert!(left.is_empty(), "{code}: {left:?}\n{}", complete(right));
            shown += 1;
        }
    }
    assert!(shown >= 25, "only {shown} pages have an example");
}
