use serde_json::{Value, json};

use super::{error, length, tasks, time, words};

fn entry(second: u32, event: &str, name: Option<&str>, data: Value) -> Value {
    json!({
        "seq": second, "at": format!("2026-11-21T10:00:{second:02}Z"), "event": event,
        "task": name.map(|name| format!("/do/0/{name}")), "name": name, "data": data,
    })
}

#[test]
fn a_history_becomes_the_story_of_its_tasks() {
    let history = [
        entry(0, "runStarted", None, json!({"input": {}})),
        entry(
            0,
            "taskStarted",
            Some("outer"),
            json!({"id": 1, "input": {"a": 1}}),
        ),
        entry(
            1,
            "taskStarted",
            Some("pay"),
            json!({"id": 2, "parent": 1, "input": {}}),
        ),
        entry(
            1,
            "attemptStarted",
            Some("pay"),
            json!({"id": 2, "attempt": 2}),
        ),
        entry(
            2,
            "taskFaulted",
            Some("pay"),
            json!({"id": 2, "error": {"type": "x/errors/timeout", "status": 408, "title": "Too slow"}}),
        ),
        entry(
            3,
            "taskStarted",
            Some("tell"),
            json!({"id": 3, "parent": 1, "input": {}}),
        ),
        entry(4, "tasksCancelled", None, json!({"ids": [3]})),
        entry(
            5,
            "taskCompleted",
            Some("outer"),
            json!({"id": 1, "output": {"b": 2}}),
        ),
    ];
    let lines: Vec<String> = tasks(&history)
        .iter()
        .map(|line| {
            let took = line.ended_at.map(|end| length(line.started_at, end));
            format!(
                "{} {} {} {:?} {:?} {} {:?}",
                line.depth, line.name, line.status, took, line.error, line.retries, line.output
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            r#"0 outer completed Some("5.0 s") None 0 Some(Object {"b": Number(2)})"#,
            r#"1 pay faulted Some("1.0 s") Some("Too slow (timeout 408)") 2 None"#,
            r#"1 tell cancelled Some("1.0 s") None 0 None"#,
        ]
    );
    assert_eq!(
        words(&history[4]),
        "task faulted pay: Too slow (timeout 408)"
    );
    assert_eq!(words(&history[0]), "run started");
}

#[test]
fn errors_and_lengths_are_short() {
    assert_eq!(error(&json!({"type": "a/b", "detail": "why"})), "b: why");
    let start = time(&json!("2026-11-21T10:00:00Z"));
    for (end, expected) in [
        ("2026-11-21T10:00:00.012Z", "12 ms"),
        ("2026-11-21T10:00:01.25Z", "1.2 s"),
        ("2026-11-21T10:03:05Z", "3 min 5 s"),
        ("2026-11-21T12:03:05Z", "2 h 3 min"),
        ("2026-11-24T12:03:05Z", "3 d 2 h"),
        ("2026-11-20T12:03:05Z", "0 ms"),
    ] {
        assert_eq!(length(start, time(&json!(end))), expected, "{end}");
    }
}
