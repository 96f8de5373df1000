//! Regular expressions written in the expression: compiled with it, and refused with it.

use std::ops::Range;

use super::{Parser, fault};
use crate::expr::CompileError;
use crate::expr::regex::{Flags, Wrong};
use crate::expr::term::{Kind, Term};
use crate::value::Value;

/// Functions of a pattern, by name, number of arguments, and which of them are flags.
const TABLE: [(&str, usize, Option<usize>); 15] = [
    ("test", 1, None),
    ("test", 2, Some(1)),
    ("match", 1, None),
    ("match", 2, Some(1)),
    ("capture", 1, None),
    ("capture", 2, Some(1)),
    ("scan", 1, None),
    ("scan", 2, Some(1)),
    ("split", 2, Some(1)),
    ("splits", 1, None),
    ("splits", 2, Some(1)),
    ("sub", 2, None),
    ("sub", 3, Some(2)),
    ("gsub", 2, None),
    ("gsub", 3, Some(2)),
];

impl Parser<'_> {
    /// Compiles the pattern of a call to one of jq's own functions, when it and its flags are plain texts.
    pub(super) fn constant_pattern(
        &mut self,
        name: &str,
        args: &[Term],
        ranges: &[Range<usize>],
    ) -> Result<(), CompileError> {
        let found = TABLE
            .iter()
            .find(|(known, arity, _)| *known == name && *arity == args.len());
        let Some((.., flags_at)) = found else {
            return Ok(());
        };
        let null = Value::Null;
        let (pattern, flags) = match (&args[0].kind, flags_at.map(|at| &args[at].kind)) {
            (Kind::Const(pattern), None) => (pattern, &null),
            (Kind::Const(pattern), Some(Kind::Const(flags))) => (pattern, flags),
            // `["a", "i"]`
            (Kind::Array(Some(both)), None) => match &both.kind {
                Kind::Comma(both) => match both.as_slice() {
                    [
                        Term {
                            kind: Kind::Const(pattern),
                            ..
                        },
                        Term {
                            kind: Kind::Const(flags),
                            ..
                        },
                    ] => (pattern, flags),
                    _ => return Ok(()),
                },
                Kind::Const(pattern) => (pattern, &null),
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        let Value::String(pattern) = pattern else {
            return Ok(());
        };
        let flags = Flags::read(flags)
            .map_err(|message| fault(message, ranges[flags_at.unwrap_or(0)].clone()))?;
        self.regexes.add(pattern, flags.options).map_err(|wrong| {
            let message = match wrong {
                Wrong::Syntax(message) => format!("this is no regular expression: {message}"),
                Wrong::Large => "this regular expression is too large when compiled".to_owned(),
                Wrong::Long(message) => message,
            };
            fault(message, ranges[0].clone())
        })
    }
}
