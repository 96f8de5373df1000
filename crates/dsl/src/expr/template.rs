//! Data with `${ }` in it.
//!
//! Templates are read once, when a definition is saved. What an expression gives is inserted as data and never read
//! again, so text from outside cannot become an expression.

use std::sync::Arc;

use super::parse;
use super::{CompileError, EvalLimits, Expression, Part, Scope, Template, Variables};
use crate::definition::Mode;
use crate::value::{Map, Text, Value};
use crate::workflow_error::WorkflowError;

impl Template {
    /// Compiles data as written. In strict mode only `${ ... }` is an expression; in loose mode any text is tried.
    /// Keys are never expressions. What holds no expression is a constant as a whole.
    ///
    /// On error: the JSON pointer within `written` and what is wrong there (its range counts bytes of that text),
    /// for every fault.
    pub fn compile(
        written: &Value,
        scope: &Scope<'_>,
        mode: Mode,
    ) -> Result<Self, Vec<(String, CompileError)>> {
        let mut faults = Vec::new();
        let compiled = compile_at(written, scope, mode, &mut String::new(), &mut faults);
        if faults.is_empty() {
            Ok(compiled)
        } else {
            Err(faults)
        }
    }

    /// Fills in the values. In text, texts are inserted as they are, `null` as nothing, anything else as compact JSON.
    pub fn evaluate(
        &self,
        input: &Value,
        variables: &dyn Variables,
        now: jiff::Timestamp,
        limits: EvalLimits,
    ) -> Result<Value, WorkflowError> {
        match self {
            Self::Constant(value) => Ok(value.clone()),
            Self::Expression(expression) => expression.evaluate(input, variables, now, limits),
            Self::Text(parts) => {
                let mut text = String::new();
                for part in parts.iter() {
                    match part {
                        Part::Text(plain) => text.push_str(plain),
                        Part::Expression(expression) => {
                            match expression.evaluate(input, variables, now, limits)? {
                                Value::Null => {}
                                Value::String(inserted) => text.push_str(&inserted),
                                other => text.push_str(&other.to_json()),
                            }
                        }
                    }
                }
                Ok(Value::String(text.into()))
            }
            Self::Array(items) => {
                let items: Result<Vec<Value>, WorkflowError> = items
                    .iter()
                    .map(|item| item.evaluate(input, variables, now, limits))
                    .collect();
                Ok(Value::array(items?))
            }
            Self::Object(entries) => {
                let mut map = Map::with_capacity(entries.len());
                for (key, item) in entries.iter() {
                    map.insert(key.clone(), item.evaluate(input, variables, now, limits)?);
                }
                Ok(Value::Object(Arc::new(map)))
            }
        }
    }

    /// The names from outside that the expressions inside use, each once.
    #[must_use]
    pub fn mentions(&self) -> Vec<Text> {
        let mut names = Vec::new();
        self.for_each_expression(&mut |expression| {
            for name in expression.mentions() {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
        });
        names
    }

    fn for_each_expression(&self, visit: &mut dyn FnMut(&Expression)) {
        match self {
            Self::Constant(_) => {}
            Self::Expression(expression) => visit(expression),
            Self::Text(parts) => parts.iter().for_each(|part| match part {
                Part::Text(_) => {}
                Part::Expression(expression) => visit(expression),
            }),
            Self::Array(items) => items
                .iter()
                .for_each(|item| item.for_each_expression(visit)),
            Self::Object(entries) => entries
                .iter()
                .for_each(|(_, item)| item.for_each_expression(visit)),
        }
    }
}

fn compile_at(
    written: &Value,
    scope: &Scope<'_>,
    mode: Mode,
    pointer: &mut String,
    faults: &mut Vec<(String, CompileError)>,
) -> Template {
    match written {
        Value::String(text) => match (mode, text_template(text, scope)) {
            (Mode::Strict, Ok(template)) => template,
            (Mode::Strict, Err(fault)) => {
                faults.push((pointer.clone(), fault));
                Template::Constant(written.clone())
            }
            (Mode::Loose, found) => loose(text, found, scope),
        },
        Value::Array(items) => {
            let compiled: Vec<Template> = items
                .iter()
                .enumerate()
                .map(|(at, item)| {
                    within(pointer, &at.to_string(), |pointer| {
                        compile_at(item, scope, mode, pointer, faults)
                    })
                })
                .collect();
            match compiled
                .iter()
                .all(|item| matches!(item, Template::Constant(_)))
            {
                true => Template::Constant(written.clone()),
                false => Template::Array(compiled.into()),
            }
        }
        Value::Object(map) => {
            let compiled: Vec<(Text, Template)> = map
                .iter()
                .map(|(key, item)| {
                    (
                        key.clone(),
                        within(pointer, key, |pointer| {
                            compile_at(item, scope, mode, pointer, faults)
                        }),
                    )
                })
                .collect();
            match compiled
                .iter()
                .all(|(_, item)| matches!(item, Template::Constant(_)))
            {
                true => Template::Constant(written.clone()),
                false => Template::Object(compiled.into()),
            }
        }
        scalar => Template::Constant(scalar.clone()),
    }
}

/// Runs `step` with one more token on the JSON pointer.
fn within<T>(pointer: &mut String, token: &str, step: impl FnOnce(&mut String) -> T) -> T {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
    let done = step(pointer);
    pointer.truncate(length);
    done
}

/// A text of strict mode: one expression, text with expressions in it, or a constant.
fn text_template(text: &Text, scope: &Scope<'_>) -> Result<Template, CompileError> {
    if !text.contains("${") {
        return Ok(Template::Constant(Value::String(text.clone())));
    }
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find("${").map(|found| at + found) {
        let (program, length) =
            parse::embedded(&text[start + 2..], scope).map_err(|fault| CompileError {
                range: fault.range.start + start + 2..fault.range.end + start + 2,
                ..fault
            })?;
        if start > at {
            parts.push(Part::Text(text[at..start].into()));
        }
        let source = text[start + 2..start + 2 + length].trim().into();
        parts.push(Part::Expression(Expression {
            source,
            program: Arc::new(program),
            fallback: None,
        }));
        at = start + 2 + length + 1;
    }
    if at < text.len() {
        parts.push(Part::Text(text[at..].into()));
    }
    // White space around a lone expression is how YAML blocks end, not part of a text.
    let is_blank = |part: &Part| matches!(part, Part::Text(plain) if plain.trim().is_empty());
    let is_lone = parts.iter().filter(|part| !is_blank(part)).count() == 1;
    if is_lone {
        parts.retain(|part| !is_blank(part));
        if let Some(Part::Expression(expression)) = parts.pop() {
            return Ok(Template::Expression(expression));
        }
        unreachable!("a text with `${{` has an expression");
    }
    Ok(Template::Text(parts.into()))
}

/// Loose mode: what does not compile is the text itself, and so is what fails later.
fn loose(text: &Text, found: Result<Template, CompileError>, scope: &Scope<'_>) -> Template {
    let constant = || Template::Constant(Value::String(text.clone()));
    match found {
        Ok(Template::Expression(expression)) => Template::Expression(Expression {
            fallback: Some(text.clone()),
            ..expression
        }),
        Ok(template @ Template::Text(_)) => template,
        Ok(_) => match Expression::compile(text, scope) {
            Ok(expression) => Template::Expression(Expression {
                fallback: Some(text.clone()),
                ..expression
            }),
            Err(_) => constant(),
        },
        Err(_) => constant(),
    }
}
