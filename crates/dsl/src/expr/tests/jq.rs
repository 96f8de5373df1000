//! The same filters through Debian's `jq` 1.6 and through ours must print the same.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{Known, check, json, now, patient};
use crate::expr::Expression;

/// What `jq -c filter` prints for `input`, line by line, or nothing when it fails.
pub(super) fn jq(filter: &str, input: &str) -> Option<Vec<String>> {
    let mut child = Command::new("jq")
        .args(["-c", filter])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("this test compares with jq: `apt-get install jq` ({error})")
        });
    // jq may fail before it reads; then the pipe is closed.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    output
        .status
        .success()
        .then(|| text.lines().map(str::to_owned).collect())
}

fn ours(filter: &str, input: &str) -> Option<Vec<String>> {
    let expression = Expression::compile(&format!("[{filter}\n]"), &[]).ok()?;
    let results = expression
        .evaluate(&json(input), &Known, now(), patient())
        .ok()?;
    Some(
        results
            .as_array()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect(),
    )
}

/// Lines of `filter` or `input ~ filter`; `#` starts a remark.
const TABLE: &str = include_str!("jq_cases.txt");

#[test]
fn the_table_answers_as_jq() {
    let version = Command::new("jq")
        .arg("--version")
        .output()
        .expect("this test compares with jq: `apt-get install jq`");
    let version = String::from_utf8(version.stdout).unwrap();
    assert!(
        version.starts_with("jq-1.6"),
        "the table is for jq 1.6, found {version}"
    );
    let cases: Vec<(&str, &str)> = TABLE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(" ~ ").unwrap_or(("null", line)))
        .collect();
    assert!(cases.len() >= 400, "only {} cases", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(input, filter)| {
            let (theirs, ours) = (jq(filter, input), ours(filter, input));
            (theirs != ours)
                .then(|| format!("{input} ~ {filter}\n  jq   {theirs:?}\n  ours {ours:?}"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Where we answer otherwise on purpose; the reasons are in docs/expressions.md.
#[test]
fn where_we_differ() {
    let cases = [
        // Kept as written instead of cut to what a double holds.
        ("1e1000", "null", "1e1000"),
        (
            ".",
            "100000000000000000000000001",
            "100000000000000000000000001",
        ),
        (".", "9007199254740993", "9007199254740993"),
        (". + 1", "9007199254740993", "9007199254740994"),
        (
            "tojson",
            "[3.14159265358979323846]",
            "\"[3.14159265358979323846]\"",
        ),
        // As jq 1.7.
        (".[1.7]", "[1,2,3]", "2"),
        ("try error(null) catch .", "1", "null"),
        ("[.[] |= empty]", "[1,2,3,4]", "[[]]"),
        ("(.a, .b) |= empty", r#"{"a":1,"b":2,"c":3}"#, r#"{"c":3}"#),
        ("[limit(0; 1, 2)]", "null", "[]"),
        ("if . then 1 end", "null", "null"),
        (".a.[0].b?", r#"{"a":[{"b":2}]}"#, "2"),
        (r#"gsub("^a"; "b")"#, r#""aaa""#, r#""baa""#),
        (r#"gsub(""; "-")"#, r#""ab""#, r#""-a-b""#),
        (
            "from_entries",
            r#"[{"key":1,"value":2},{"Key":null}]"#,
            r#"{"1":2,"null":null}"#,
        ),
        (
            r#"reduce ("a", "b") as $k (.; .[$k]) |= 1"#,
            "null",
            r#"{"a":{"b":1}}"#,
        ),
        ("{a: 1 + 2, b: 3}", "null", r#"{"a":3,"b":3}"#),
        (
            r#"[" a " | trim, ltrim, rtrim]"#,
            "null",
            r#"["a","a "," a"]"#,
        ),
        ("[-1, 1.5, -2.5 | abs]", "null", "[1,1.5,2.5]"),
        ("[1, [2] | toarray]", "null", "[[1],[2]]"),
        (
            "pick(.a, .b.c)",
            r#"{"a":1,"b":{"c":2,"d":3},"e":4}"#,
            r#"{"a":1,"b":{"c":2}}"#,
        ),
        ("reverse", r#""abc""#, r#""cba""#),
        ("add(.[] | .a)", r#"[{"a":1},{"a":2}]"#, "3"),
        ("[skip(2; .[])]", "[1,2,3,4]", "[3,4]"),
        ("[65, 97 | ascii]", "null", r#"["A","a"]"#),
        (
            r#"[("hi" | @base32), ("NBUQ====" | @base32d)]"#,
            "null",
            r#"["NBUQ====","hi"]"#,
        ),
        (r#""%C3%BC" | @urid"#, "null", r#""ü""#),
        // Not an escape that browsers of old did not know.
        (r#""'" | @html"#, "null", r#""&#39;""#),
        // Always UTC, wherever the server stands.
        ("0 | localtime | mktime", "null", "0"),
        (r#"0 | strflocaltime("%H:%M %Z")"#, "null", r#""00:00 UTC""#),
    ];
    for (filter, input, expected) in cases {
        check(filter, input, expected);
    }
}
