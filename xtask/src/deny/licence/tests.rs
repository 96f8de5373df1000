use super::refuse;

fn check(written: &str, is_accepted: bool) {
    assert_eq!(refuse(written).is_none(), is_accepted, "{written}");
}

#[test]
fn expressions_as_crates_write_them() {
    check("MIT", true);
    check("MIT OR Apache-2.0", true);
    check("MIT/Apache-2.0", true);
    check("GPL-3.0-only OR MIT", true);
    check("(MIT OR Apache-2.0) AND Unicode-3.0", true);
    check("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT", true);
}

#[test]
fn what_is_refused() {
    check("", false);
    check("GPL-3.0-only", false);
    check("MIT AND MPL-2.0", false);
    check("MIT AND (AGPL-3.0 OR SSPL-1.0)", false);
    check("Apache-2.0 WITH Some-exception", false);
}

#[test]
fn what_cannot_be_read_is_refused() {
    check("MIT OR", false);
    check("(MIT", false);
    check("MIT Apache-2.0", false);
    check("MIT)", false);
}
