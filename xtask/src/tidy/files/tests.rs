use super::super::tests::check;
use super::*;

#[test]
fn a_file_of_600_lines_may_be_and_one_of_601_is_too_long() {
    check(length, &[("a.rs", &"\n".repeat(600))], &[]);
    check(
        length,
        &[("a.rs", &"\n".repeat(601))],
        &["a.rs: 601 lines, 600 are allowed: look for a second subject"],
    );
}

#[test]
fn a_file_opens_with_what_it_is_for() {
    check(
        opening,
        &[("a.rs", "//! Reads.\n"), ("a/tests.rs", "use x;\n")],
        &[],
    );
    check(
        opening,
        &[("a.rs", "use x;\n"), ("b.rs", "//!\n")],
        &[
            "a.rs: opens with no `//!` paragraph",
            "b.rs: opens with no `//!` paragraph",
        ],
    );
}

#[test]
fn modules_have_names() {
    check(names, &[("src/commonmark.rs", "")], &[]);
    check(
        names,
        &[("src/utils.rs", ""), ("src/helpers/x.rs", "")],
        &[
            "src/helpers/x.rs: `helpers` has not found its name yet",
            "src/utils.rs: `utils` has not found its name yet",
        ],
    );
}

#[test]
fn whitespace_is_spaces_inside_lines() {
    check(
        whitespace,
        &[
            ("a.rs", "a\n"),
            ("data/x.bin", "\t"),
            ("sim/tests/x.yaml", "a \n"),
        ],
        &[],
    );
    check(
        whitespace,
        &[("a.rs", "a\n\tb\nc \nd\r\ne")],
        &[
            "a.rs:2: a tab",
            "a.rs:3: whitespace at the end of the line",
            "a.rs:4: whitespace at the end of the line",
            "a.rs: no newline at the end",
        ],
    );
}

#[test]
fn paths_of_one_machine_are_refused() {
    let home = ["/ho", "me/"].concat();
    check(
        machine_paths,
        &[("a.md", &format!("see target{home}ann and {home}"))],
        &[],
    );
    check(
        machine_paths,
        &[("a.md", &format!("see\n`{home}ann/segue`"))],
        &[&format!("a.md:2: a path under {home}")],
    );
}

#[test]
fn manifests_follow_the_workspace() {
    let good = "[lints]\nworkspace = true\n[dependencies]\na.workspace = true\nb = { workspace = true, features = [] }\n[[bin]]\nname = 'x'\n";
    check(
        manifests,
        &[("a/Cargo.toml", good), ("Cargo.toml", "")],
        &[],
    );
    check(
        manifests,
        &[("a/Cargo.toml", "[dev-dependencies]\na = '1'\n")],
        &[
            "a/Cargo.toml: does not take the lints of the workspace",
            "a/Cargo.toml:2: the version of a dependency stands in the workspace's Cargo.toml",
        ],
    );
}
