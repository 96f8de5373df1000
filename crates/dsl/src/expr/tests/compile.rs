//! What a person reads when an expression does not compile.

use super::SCOPE;
use crate::expr::Expression;

/// Message, the text that the range covers, help.
fn check(source: &str, message: &str, covered: &str, help: Option<&str>) {
    let error = Expression::compile(source, &SCOPE).expect_err(source);
    assert_eq!(error.message, message, "{source}");
    assert_eq!(&source[error.range.clone()], covered, "{source}");
    assert_eq!(error.help.as_deref(), help, "{source}");
}

#[test]
fn unknown_names() {
    check(
        "$contxt.a",
        "unknown variable `$contxt`",
        "$contxt",
        Some("did you mean `$context`?"),
    );
    check("$output", "unknown variable `$output`", "$output", None);
    check("$zzzzz", "unknown variable `$zzzzz`", "$zzzzz", None);
    check(
        "1 as $price | $prise",
        "unknown variable `$prise`",
        "$prise",
        Some("did you mean `$price`?"),
    );
    check(
        "$ENV",
        "`$ENV` is not available in workflow expressions",
        "$ENV",
        None,
    );
    check(
        ".a | lenght",
        "unknown function `lenght`",
        "lenght",
        Some("did you mean `length`?"),
    );
    check(
        "context.a",
        "unknown function `context`",
        "context",
        Some("did you mean `$context`?"),
    );
    check(
        "petId",
        "unknown function `petId`",
        "petId",
        Some("a field is written `.petId`, a text `\"petId\"`"),
    );
    check(
        "def total: 1; totl",
        "unknown function `totl`",
        "totl",
        Some("did you mean `total`?"),
    );
    check(
        "length(1)",
        "`length` takes 0 arguments, not 1",
        "length",
        Some("arguments are separated by `;`"),
    );
    check(
        "range(1; 2; 3; 4)",
        "`range` takes 1 or 2 or 3 arguments, not 4",
        "range",
        Some("arguments are separated by `;`"),
    );
    check(
        "@cvs",
        "unknown format `@cvs`",
        "@cvs",
        Some("did you mean `@csv`?"),
    );
    check("break $x", "no label `$x` around this `break`", "$x", None);
    check(
        "def f(g): 1; g",
        "unknown function `g`",
        "g",
        Some("a field is written `.g`, a text `\"g\"`"),
    );
    check("(1 as $x | $x) + $x", "unknown variable `$x`", "$x", None);
}

#[test]
fn what_reaches_outside_is_refused() {
    for name in [
        "env",
        "input",
        "inputs",
        "debug",
        "stderr",
        "halt",
        "halt_error",
        "input_line_number",
        "input_filename",
        "modulemeta",
    ] {
        let error = Expression::compile(name, &SCOPE).unwrap_err();
        assert_eq!(
            error.message,
            format!("`{name}` is not available in workflow expressions")
        );
        assert!(error.help.is_some(), "{name}");
    }
    for source in ["import \"x\" as x; .", "include \"x\"; .", "module {}; ."] {
        let error = Expression::compile(source, &SCOPE).unwrap_err();
        assert_eq!(
            error.message,
            "modules are not available in workflow expressions"
        );
    }
}

#[test]
fn syntax() {
    check(
        "",
        "expected a value, a path or a function, found the end of the expression",
        "",
        None,
    );
    check(
        ".a +",
        "expected a value, a path or a function, found the end of the expression",
        "",
        None,
    );
    check(
        "(.a",
        "expected `)` to close the parenthesis, found the end of the expression",
        "",
        None,
    );
    check(".a)", "`)` closes nothing", ")", None);
    check(
        "[1, 2",
        "expected `]` to close the array, found the end of the expression",
        "",
        None,
    );
    check(
        "{a: 1 b: 2}",
        "expected `,` or `}` in the object, found `b`",
        "b",
        None,
    );
    check(
        "if .a then 1",
        "expected `end` or `else` to close `if`, found the end of the expression",
        "",
        None,
    );
    check(
        "if .a 1 end",
        "expected `then` after the condition of `if`, found `1`",
        "1",
        None,
    );
    check("\"abc", "this text has no closing `\"`", "\"abc", None);
    check(
        "\"a\\q\"",
        "no such escape in a text; a backslash is written `\\\\`",
        "\\q",
        None,
    );
    check("\"\\ud800\"", "half of a surrogate pair", "\\ud800", None);
    check(
        ".a & .b",
        "expected an operator or the end of the expression, found `&`",
        "&",
        None,
    );
    check(
        "1 == 1 == 1",
        "expected an operator or the end of the expression, found `==`",
        "==",
        None,
    );
    check(
        ".a.",
        "expected a name, a string or `[` after `.`, found the end of the expression",
        "",
        None,
    );
    check(
        "1 as x | 2",
        "expected `$name`, `[` or `{` after `as`",
        "x",
        None,
    );
    check(
        "reduce .[] as $x (0)",
        "expected `;` after the first value of `reduce`, found `)`",
        ")",
        None,
    );
    check(
        "def f: 1",
        "expected `;` to end the definition, found the end of the expression",
        "",
        None,
    );
    check(
        "ü",
        "expected a value, a path or a function, found `ü`",
        "ü",
        None,
    );
}
