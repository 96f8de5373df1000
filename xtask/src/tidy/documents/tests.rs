use super::super::tests::check;
use super::*;

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    check(
        error_pages,
        &[
            ("crates/a/src/x.rs", "Problem { code: \"bad-jump\" }"),
            ("docs/errors/bad-jump.md", ""),
            ("docs/errors/README.md", ""),
        ],
        &[],
    );
    check(
        error_pages,
        &[
            (
                "crates/a/src/x.rs",
                "f();\nProblem { code: \"bad-jump\" }\nf();",
            ),
            (
                "crates/a/src/y.rs",
                "\"/errors/not-found\" code: \"bad-jump\"",
            ),
            ("crates/a/src/x/tests.rs", "code: \"only-a-test\""),
            ("docs/errors/gone.md", ""),
        ],
        &[
            "crates/a/src/x.rs:2: code `bad-jump` has no page docs/errors/bad-jump.md",
            "crates/a/src/y.rs:1: code `not-found` has no page docs/errors/not-found.md",
            "docs/errors/gone.md: no code `gone` in the crates",
        ],
    );
}

#[test]
fn the_changelog_starts_with_what_is_not_released() {
    check(
        changelog,
        &[("CHANGELOG.md", "# Changes\n\n## Unreleased\n\n## 0.1.0\n")],
        &[],
    );
    check(changelog, &[], &["CHANGELOG.md: is missing"]);
    check(
        changelog,
        &[("CHANGELOG.md", "# Changes\n\n## 0.1.0\n\n## Unreleased\n")],
        &["CHANGELOG.md: its first section is not `## Unreleased`"],
    );
}

#[test]
fn links_lead_somewhere() {
    check(
        links,
        &[
            (
                "docs/a/b.md",
                "[x](../c.md#top) [y](../../src) [z](https://example.com/) [s](#here) `[c](code)`",
            ),
            ("docs/c.md", "```\n[x](block)\n```"),
            ("src/x.rs", ""),
        ],
        &[],
    );
    check(
        links,
        &[("docs/a.md", "one\n[x](b.md) [y](../../up.md)")],
        &[
            "docs/a.md:2: `b.md` leads nowhere",
            "docs/a.md:2: `../../up.md` leads nowhere",
        ],
    );
}

#[test]
fn decisions_are_numbered_and_complete() {
    let page = "## Question\n## Options\n## Choice\n## What would change our mind\n";
    check(
        decisions,
        &[
            ("docs/decisions/0001-a.md", page),
            ("docs/decisions/README.md", ""),
        ],
        &[],
    );
    check(
        decisions,
        &[
            (
                "docs/decisions/0001-a.md",
                "## Question\n## Options\n## Choice\n",
            ),
            ("docs/decisions/0003-b.md", page),
        ],
        &[
            "docs/decisions/0001-a.md: has no section `## What would change our mind`",
            "docs/decisions/0003-b.md: its number should be 0002",
        ],
    );
}
