//! Texts that mean harm, or that a slipping hand made of a good one: an answer, quickly, and never a panic.

use crate::specification::{documents, render};

const HEADING: &str = "document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}\n";

/// The codes of what was found, each once.
fn codes(text: &str) -> Vec<&'static str> {
    let mut codes: Vec<_> = dsl::validate(text)
        .iter()
        .map(|problem| problem.code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn bombs_are_refused() {
    let levels: String = (1..30)
        .map(|level| format!("l{level}: &l{level} [*l{0}, *l{0}]\n", level - 1))
        .collect();
    assert_eq!(codes(&format!("l0: &l0 [x]\n{levels}")), ["yaml-feature"]);
    assert_eq!(
        codes(&format!("a: &a x\nb: [{}]", "*a, ".repeat(100_000))),
        ["yaml-feature"]
    );
    assert_eq!(codes(&"x".repeat((1 << 20) + 1)), ["too-large"]);
    assert_eq!(
        codes(&format!("? {}\n: 1\n", "k".repeat(1_000_000))),
        ["too-large"]
    );
    assert_eq!(
        codes(&format!("{}: 1\n", "k".repeat(1_000_000))),
        ["syntax"]
    );
    assert_eq!(codes(&"[".repeat(500_000)), ["too-deep"]);
    assert_eq!(codes(&"{a: ".repeat(200_000)), ["too-deep"]);
    assert_eq!(codes(&"- ".repeat(500_000)), ["too-deep"]);
    let stairs: String = (0..1_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    assert_eq!(codes(&stairs), ["too-deep"]);
    assert_eq!(
        codes(&format!("a: {}", "\"\\u0000".repeat(10_000))),
        ["syntax"]
    );
}

#[test]
fn odd_texts_are_answered() {
    for (text, expected) in [
        ("", vec!["empty"]),
        (" \n\n", vec!["empty"]),
        ("---\n---\n", vec!["empty"]),
        ("\u{feff}", vec!["empty"]),
        ("\0", vec!["syntax"]),
        ("a: \0", vec!["syntax"]),
        ("\t", vec!["empty"]),
        ("%YAML 3.0\n---\na: 1\n", vec!["syntax"]),
        ("a\rb: 1", vec!["syntax"]),
        ("\u{202e}do: []", vec!["missing-key", "unknown-key"]),
    ] {
        assert_eq!(codes(text), expected, "{text:?}");
    }
}

#[test]
fn line_breaks_and_byte_order_marks_change_nothing() {
    for (name, text) in documents("examples") {
        let windows = text.replace('\n', "\r\n");
        assert!(dsl::parse(&windows).is_ok(), "{name} with CRLF");
        assert!(
            dsl::parse(&format!("\u{feff}{text}")).is_ok(),
            "{name} with a byte order mark"
        );
    }
}

#[test]
fn any_letters_may_name_a_task() {
    let text = format!(
        "{HEADING}do:\n  - zahlung prüfen 💶:\n      wait: PT1S\n      then: a/b~c\n  - a/b~c: {{wait: PT1S}}\n"
    );
    let parsed = dsl::parse(&text).unwrap();
    let references: Vec<_> = parsed
        .definition
        .tasks
        .iter()
        .map(|task| &*task.reference)
        .collect();
    assert_eq!(references, ["/do/0/zahlung prüfen 💶", "/do/1/a~1b~0c"]);
}

#[test]
fn many_tasks_are_read_and_each_is_counted_once() {
    for count in [1_000, 40_000] {
        let tasks: String = (0..count)
            .map(|task| format!("- t{task}: {{wait: PT1S}}\n"))
            .collect();
        let parsed = dsl::parse(&format!("{HEADING}do:\n{tasks}")).unwrap();
        assert_eq!(parsed.definition.tasks.len(), count);
        let bytes: usize = parsed
            .definition
            .tasks
            .iter()
            .map(|task| task.reference.len())
            .sum();
        assert!(
            bytes < 20 * count,
            "references grow with the number of tasks only"
        );
    }
    let tasks: String = (0..100_000)
        .map(|task| format!("- t{task}: {{wait: PT1S}}\n"))
        .collect();
    assert_eq!(codes(&format!("{HEADING}do:\n{tasks}")), ["too-large"]);
}

#[test]
fn deep_tasks_are_checked_in_no_more_than_their_number() {
    let depth = 25;
    let mut text = format!("{HEADING}do:\n");
    for level in 0..depth {
        let indentation = " ".repeat(level * 6);
        text.push_str(&format!(
            "{indentation}  - t{level}:\n{indentation}      do:\n"
        ));
    }
    text.push_str(&format!(
        "{}  - last: {{wait: PT1S}}\n",
        " ".repeat(depth * 6)
    ));
    assert_eq!(dsl::parse(&text).unwrap().definition.tasks.len(), depth + 1);
}

#[test]
fn a_large_policy_named_often_is_refused() {
    let policy = format!("when: '.a == \"{}\"'", "x".repeat(10_000));
    let tries: String = (0..2_000)
        .map(|task| {
            format!("- t{task}: {{try: [{{a: {{wait: PT1S}}}}], catch: {{retry: large}}}}\n")
        })
        .collect();
    let text = format!("{HEADING}use:\n  retries:\n    large:\n      {policy}\ndo:\n{tries}");
    assert_eq!(codes(&text), ["too-large"]);
}

#[test]
fn many_problems_are_cut() {
    let tasks: String = (0..20_000)
        .map(|task| format!("- t{task}: {{wait: PT1S, then: x{task}}}\n"))
        .collect();
    let problems = dsl::validate(&format!("{HEADING}do:\n{tasks}"));
    assert_eq!(problems.len(), 1_001);
    assert!(
        problems
            .iter()
            .any(|problem| problem.code == "too-many-problems")
    );
}

/// Small steps of a fixed sequence: the same texts at every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides.max(1)
    }
}

/// One slip: something removed, doubled, swapped, replaced.
fn slip(text: &str, dice: &mut Dice) -> String {
    const BITS: [&str; 24] = [
        ":",
        "-",
        " ",
        "\n",
        "'",
        "\"",
        "{",
        "}",
        "[",
        "]",
        "#",
        "&",
        "*",
        "!",
        "|",
        ">",
        "\t",
        "null",
        "1",
        "true",
        "${ .x }",
        "é",
        "PT1S",
        "then: end",
    ];
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let line = dice.roll(lines.len());
    let other = dice.roll(lines.len());
    match dice.roll(7) {
        0 => drop(lines.remove(line)),
        1 => lines.insert(other, lines[line].clone()),
        2 => lines.swap(line, other),
        3 => lines[line].insert_str(0, "  "),
        4 => {
            // The value of a key becomes something else.
            let key = lines[line].split_once(": ").map(|(key, _)| key.to_owned());
            if let Some(key) = key {
                lines[line] = format!(
                    "{key}: {}",
                    [
                        "1",
                        "''",
                        "[]",
                        "{}",
                        "true",
                        "'${ .x }'",
                        "~",
                        "x",
                        "PT1S",
                        "[a]",
                        "{use: x}"
                    ][dice.roll(11)]
                );
            }
        }
        5 => {
            let positions: Vec<usize> = lines[line].char_indices().map(|(at, _)| at).collect();
            if !positions.is_empty() {
                let at = positions[dice.roll(positions.len())];
                lines[line].insert_str(at, BITS[dice.roll(BITS.len())]);
            }
        }
        _ => {
            let positions: Vec<usize> = lines[line].char_indices().map(|(at, _)| at).collect();
            if !positions.is_empty() {
                lines[line].remove(positions[dice.roll(positions.len())]);
            }
        }
    }
    lines.join("\n")
}

/// The standard's schema stands behind the decoder; here it must have nothing left to say, so that people read our
/// messages and not the schema's.
#[test]
fn slips_are_answered_by_the_decoder_itself() {
    let rounds = if std::env::var_os("SLOW_TESTS").is_some() {
        3_000
    } else {
        60
    };
    let mut dice = Dice(1);
    let (mut accepted, mut refused) = (0, 0);
    let mut laxer = String::new();
    for (name, text) in documents("examples") {
        for _ in 0..rounds {
            let mut slipped = text.clone();
            for _ in 0..=dice.roll(3) {
                slipped = slip(&slipped, &mut dice);
            }
            let parsed = dsl::parse(&slipped);
            let is_parsed = parsed.is_ok();
            let problems = parsed.map_or_else(|problems| problems, |parsed| parsed.warnings);
            for problem in &problems {
                let span = problem.span;
                assert!(
                    slipped.get(span.start..span.end).is_some(),
                    "{name}: {problem:?}\n{slipped}"
                );
                assert!(
                    span.line > 0 && span.column > 0,
                    "{name}: {problem:?}\n{slipped}"
                );
            }
            if problems.iter().any(|problem| problem.code == "schema") {
                laxer.push_str(&format!("{name}\n{}{slipped}\n", render(&problems)));
            }
            let is_refused = problems
                .iter()
                .any(|problem| problem.severity == dsl::Severity::Error);
            assert_eq!(
                is_refused, !is_parsed,
                "{name}: refused without a reason\n{slipped}"
            );
            *(if is_refused {
                &mut refused
            } else {
                &mut accepted
            }) += 1;
        }
    }
    assert_eq!(laxer, "");
    assert!(
        accepted > rounds && refused > rounds,
        "{accepted} accepted, {refused} refused"
    );
}
