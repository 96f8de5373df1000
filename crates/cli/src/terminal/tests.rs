use super::{Ink, Paint, json_controls, plain, plain_lines, table};

#[test]
fn foreign_text_cannot_steer_the_terminal() {
    for (input, one_line, lines, json) in [
        ("plain äöü", "plain äöü", "plain äöü", "plain äöü"),
        (
            "a\u{1b}[31mb",
            "a\\u{1b}[31mb",
            "a\\u{1b}[31mb",
            "a\\u001b[31mb",
        ),
        ("a\nb", "a\\u{a}b", "a\nb", "a\nb"),
        (
            "a\u{9b}b\u{7f}",
            "a\\u{9b}b\\u{7f}",
            "a\\u{9b}b\\u{7f}",
            "a\\u009bb\\u007f",
        ),
    ] {
        assert_eq!(plain(input), one_line);
        assert_eq!(plain_lines(input), lines);
        assert_eq!(json_controls(input), json);
    }
}

#[test]
fn colours_are_left_out_where_nobody_sees_them() {
    assert_eq!(Paint::Bare.on(Ink::Red, "x"), "x");
    assert_eq!(Paint::Coloured.on(Ink::Red, "x"), "\u{1b}[31mx\u{1b}[0m");
}

#[test]
fn columns_are_as_wide_as_their_widest_cell() {
    let rows = [["a", "long"], ["bbb", "c"]].map(|row| row.map(str::to_owned).to_vec());
    let text = table(&["x", "yy"], &rows, |column, cell, padded| {
        if column == 0 && cell == "a" {
            padded.to_uppercase()
        } else {
            padded
        }
    });
    assert_eq!(text, "x    yy\nA    long\nbbb  c");
}
