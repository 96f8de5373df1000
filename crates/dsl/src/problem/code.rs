//! The codes of problems, each with its page in `docs/errors/`. A code, once published, keeps its meaning.

macro_rules! codes {
    ($($name:ident = $text:literal;)*) => {
        $(pub const $name: &str = $text;)*
        /// Every code of the language front end.
        pub const ALL: &[&str] = &[$($text),*];
    };
}

codes! {
    // Text.
    SYNTAX = "syntax";
    DUPLICATE_KEY = "duplicate-key";
    YAML_FEATURE = "yaml-feature";
    TOO_LARGE = "too-large";
    TOO_DEEP = "too-deep";
    TOO_MANY_PROBLEMS = "too-many-problems";
    // Shape.
    UNKNOWN_KEY = "unknown-key";
    MISSING_KEY = "missing-key";
    WRONG_TYPE = "wrong-type";
    WRONG_VALUE = "wrong-value";
    EMPTY = "empty";
    EXACTLY_ONE = "exactly-one";
    SCHEMA = "schema";
    // Document.
    DSL_VERSION = "dsl-version";
    DOCUMENT_NAME = "document-name";
    // Tasks and flow.
    TASK_KIND = "task-kind";
    TASK_NAME = "task-name";
    DUPLICATE_TASK = "duplicate-task";
    UNKNOWN_TASK = "unknown-task";
    TASK_OUT_OF_REACH = "task-out-of-reach";
    UNREACHABLE_TASK = "unreachable-task";
    SWITCH_DEFAULT = "switch-default";
    // References.
    UNKNOWN_FUNCTION = "unknown-function";
    UNKNOWN_REFERENCE = "unknown-reference";
    FUNCTION_CYCLE = "function-cycle";
    // Expressions and literals.
    EXPRESSION = "expression";
    EXPRESSION_NOT_ALLOWED = "expression-not-allowed";
    VARIABLE = "variable";
    DURATION = "duration";
    CRON = "cron";
    SCHEMA_INVALID = "schema-invalid";
    // Effects.
    INPUT_UNCHECKED = "input-unchecked";
}
