use super::*;

/// Runs one rule over a made-up repository and compares what is found as `path:line: message` lines.
pub fn check(rule: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)], expected: &[&str]) {
    let lines: Vec<String> = rule(&Tree::of(files))
        .into_iter()
        .map(|finding| {
            let line = finding
                .line
                .map_or(String::new(), |line| format!(":{line}"));
            format!("{}{line}: {}", finding.path, finding.message)
        })
        .collect();
    assert_eq!(lines, expected);
}

const RATCHETED: Rule = Rule {
    name: "no a",
    check: |tree| {
        tree.files()
            .filter(|file| file.text.contains('a'))
            .map(|file| Finding::in_file(&file.path, "has an a"))
            .collect()
    },
    ratchet: &["old"],
};

#[test]
fn the_ratchet_spares_the_listed_file_and_no_other() {
    let findings = judge(&RATCHETED, &Tree::of(&[("old", "a"), ("new", "a")]));
    assert_eq!(findings, [Finding::in_file("new", "has an a")]);
}

#[test]
fn a_mended_file_must_leave_the_ratchet() {
    let findings = judge(&RATCHETED, &Tree::of(&[("old", "b")]));
    let message = "is tidy now: take it off the ratchet of `no a`";
    assert_eq!(findings, [Finding::in_file("old", message)]);
}
