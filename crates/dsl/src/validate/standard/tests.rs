use super::check;
use crate::yaml;

/// What the schema alone says, with the place.
fn verdict(text: &str) -> Option<(String, usize)> {
    let heading = "document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}\n";
    let root = yaml::parse(&format!("{text}\n{heading}"))
        .unwrap()
        .remove(0)
        .root;
    check(&root).map(|problem| (problem.pointer, problem.span.line))
}

#[test]
fn every_list_is_checked_wherever_it_stands() {
    let wrong = "[{good: {wait: PT1S}}, {bad: {wait: 5}}]";
    let good = "[{good: {wait: PT1S}}]";
    for (text, pointer) in [
        ("do: LIST", "/do/1/bad/wait"),
        ("do: [{a: {do: LIST}}]", "/do/0/a/do/1/bad/wait"),
        (
            "do: [{a: {for: {in: .x}, do: LIST}}]",
            "/do/0/a/do/1/bad/wait",
        ),
        (
            "do: [{a: {fork: {branches: LIST}}}]",
            "/do/0/a/fork/branches/1/bad/wait",
        ),
        (
            "do: [{a: {try: LIST, catch: {}}}]",
            "/do/0/a/try/1/bad/wait",
        ),
        (
            "do: [{a: {try: [{b: {wait: PT1S}}], catch: {do: LIST}}}]",
            "/do/0/a/catch/do/1/bad/wait",
        ),
        (
            "do: [{a: {listen: {to: {any: []}}, foreach: {do: LIST}}}]",
            "/do/0/a/foreach/do/1/bad/wait",
        ),
        (
            "do: [{a: {call: asyncapi, with: {document: {endpoint: 'https://x.y'}, operation: o, \
             subscription: {consume: {amount: 1}, foreach: {do: LIST}}}}}]",
            "/do/0/a/with/subscription/foreach/do/1/bad/wait",
        ),
        (
            "do: [{a/b~c: {do: [{d: {do: LIST}}]}}]",
            "/do/0/a~1b~0c/do/0/d/do/1/bad/wait",
        ),
        (
            "use: {functions: {f: {do: LIST}}}\ndo: []",
            "/use/functions/f/do/1/bad/wait",
        ),
        (
            "use: {extensions: [{e: {extend: all, before: LIST}}]}\ndo: []",
            "/use/extensions/0/e/before/1/bad/wait",
        ),
        (
            "use: {extensions: [{e: {extend: all, after: LIST}}]}\ndo: []",
            "/use/extensions/0/e/after/1/bad/wait",
        ),
    ] {
        assert_eq!(verdict(&text.replace("LIST", good)), None, "{text}");
        let found = verdict(&text.replace("LIST", wrong)).map(|(pointer, _)| pointer);
        assert_eq!(found.as_deref(), Some(pointer), "{text}");
    }
}

#[test]
fn what_is_no_task_is_refused_in_its_place() {
    let pointer = |text: &str| verdict(text).map(|(pointer, _)| pointer);
    assert_eq!(
        pointer("do: [{a: {do: [{b: {wait: PT1S}, c: {wait: PT1S}}]}}]").as_deref(),
        Some("/do/0/a/do/0")
    );
    assert_eq!(
        pointer("do: [{a: {do: [text]}}]").as_deref(),
        Some("/do/0/a/do/0")
    );
    assert_eq!(
        pointer("do: [{a: {do: {b: {wait: PT1S}}}}]").as_deref(),
        Some("/do/0/a/do")
    );
    assert_eq!(pointer("do: {a: {wait: PT1S}}").as_deref(), Some("/do"));
    assert_eq!(
        pointer("use: {functions: [1]}\ndo: []").as_deref(),
        Some("/use/functions")
    );
    assert_eq!(
        pointer("schedule: {evry: PT1S}\ndo: []").as_deref(),
        Some("/schedule")
    );
}

#[test]
fn the_line_is_the_one_of_the_fault() {
    assert_eq!(
        verdict("do:\n  - a:\n      do:\n        - b:\n            wait: 5"),
        Some(("/do/0/a/do/0/b/wait".to_owned(), 5))
    );
}

#[test]
fn formats_count() {
    let text = "do: [{a: {call: http, with: {method: get, endpoint: 'https://x.y/a b'}}}]";
    assert_eq!(
        verdict(text).map(|(pointer, _)| pointer).as_deref(),
        Some("/do/0/a/with/endpoint")
    );
}
