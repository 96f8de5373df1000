//! `sub` and `gsub`: every combination of what the replacements give.

use super::{Env, Flow, Item, Machine, Out, Stop, throw};
use crate::expr::term::Term;
use crate::expr::{arith, regex};
use crate::value::Value;

impl<'p> Machine<'p> {
    /// `sub` and `gsub`: pattern, replacement, flags.
    pub(super) fn substitute(
        &self,
        args: &'p [Term],
        env: &Env<'p>,
        item: &Item,
        out: &mut Out<'_>,
    ) -> Flow {
        let flags = |out: &mut dyn FnMut(Value) -> Flow| match args.get(2) {
            Some(flags) => self.eval(
                flags,
                env.clone(),
                Item::plain(item.value.clone()),
                &mut |flags| out(flags.value),
            ),
            None => out(Value::Null),
        };
        self.eval(
            &args[0],
            env.clone(),
            Item::plain(item.value.clone()),
            &mut |pattern| {
                flags(&mut |flags| {
                    let (text, matches) =
                        regex::matches(&self.meter, &item.value, &pattern.value, &flags)?;
                    let mut texts = vec![(String::new(), 0)];
                    for found in &matches {
                        let captures = regex::captures(&self.meter, found)?;
                        let replacements = self.collect(&args[1], env, captures)?;
                        texts = self.insert(&text, texts, &replacements, &found.range)?;
                    }
                    for (before, end) in texts {
                        let rest = &text[end..];
                        self.meter.text(before.len() + rest.len())?;
                        out(item.computed(Value::String(format!("{before}{rest}").into())))?;
                    }
                    Ok(())
                })
            },
        )
    }

    /// Continues each text up to `range`, then with each replacement.
    fn insert(
        &self,
        text: &str,
        texts: Vec<(String, usize)>,
        replacements: &[Value],
        range: &std::ops::Range<usize>,
    ) -> Result<Vec<(String, usize)>, Stop> {
        let mut grown = Vec::with_capacity(texts.len());
        for (mut before, end) in texts {
            let part = &text[end..range.start];
            for (index, replacement) in replacements.iter().enumerate() {
                let Value::String(replacement) = replacement else {
                    return throw(format!(
                        "{} cannot be added to a string",
                        arith::shown(replacement)
                    ));
                };
                self.meter.text(part.len() + replacement.len())?;
                // The last one takes the text over, so that a chain of single replacements copies nothing.
                let mut next = match index + 1 == replacements.len() {
                    true => std::mem::take(&mut before),
                    false => {
                        self.meter.text(before.len())?;
                        before.clone()
                    }
                };
                next.push_str(part);
                next.push_str(replacement);
                grown.push((next, range.end));
            }
        }
        Ok(grown)
    }
}
