use super::*;

fn check_blanked(source: &str, expected: &str) {
    let code = without_comments_and_texts(source);
    let squeezed: Vec<&str> = code.split_whitespace().collect();
    assert_eq!(squeezed.join(" "), expected, "{source}");
}

#[test]
fn comments_and_texts_are_blank() {
    check_blanked("a // b\nc", "a c");
    check_blanked("a /* b /* c */ d */ e", "a e");
    check_blanked(r#"a("b \" c") d"#, "a( ) d");
    check_blanked(r##"a(r#"b " c"#) d"##, "a( ) d");
    check_blanked(r#"a(br"b\") d"#, "a( ) d");
    check_blanked("a('\"') b", "a( ) b");
    check_blanked(r"a('\'') b", "a( ) b");
}

#[test]
fn lifetimes_and_raw_identifiers_are_code() {
    check_blanked("fn a<'b>(c: &'b str)", "fn a<'b>(c: &'b str)");
    check_blanked("r#type \"x\"", "r#type");
}

#[test]
fn lines_keep_their_numbers() {
    let source = "/*\n\n*/ a\n\"\n\" b";
    let code = without_comments_and_texts(source);
    assert_eq!(code.lines().count(), source.lines().count());
}

#[test]
fn inline_tests_are_left_out_and_test_files_are_not() {
    check_blanked("a #[cfg(test)]\nmod tests { b }", "a");
    check_blanked(
        "#[cfg(test)]\nmod tests; a { }",
        "#[cfg(test)] mod tests; a { }",
    );
}

#[test]
fn groups_are_written_out() {
    let code = "use std::{\n    fs,\n    io::{self, Read},\n};\nuse a::b;";
    let expected = [
        (1, "std::fs".to_owned()),
        (2, "std::io::self".to_owned()),
        (2, "std::io::Read".to_owned()),
    ];
    assert_eq!(used_paths(code), expected);
}

#[test]
fn needles_are_whole_words() {
    assert!(mentions("let x = unsafe { y }", "unsafe"));
    assert!(!mentions("unsafe_code", "unsafe"));
    assert!(mentions("std::env::var", "std::env"));
    assert!(!mentions("xstd::environment", "std::env"));
}
