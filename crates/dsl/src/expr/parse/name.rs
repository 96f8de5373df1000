//! Variables: which binding or which value from outside a `$name` means.

use std::ops::Range;
use std::sync::Arc;

use super::{Binding, Parsed, Parser, fault};
use crate::expr::term::Kind;
use crate::expr::{CompileError, suggest};

impl<'s> Parser<'s> {
    /// Slots between here and the nearest binding that fits.
    pub(super) fn skip_to(&self, fits: impl Fn(&Binding<'s>) -> bool) -> Option<usize> {
        let mut skip = 0;
        for binding in self.bindings.iter().rev() {
            if fits(binding) {
                return Some(skip);
            }
            skip += usize::from(!matches!(binding, Binding::Function { .. }));
        }
        None
    }

    pub(super) fn variable(&mut self, name: &'s str, range: Range<usize>) -> Parsed {
        if let Some(skip) =
            self.skip_to(|binding| matches!(binding, Binding::Variable(bound, _) if *bound == name))
        {
            return self.term(Kind::Local(skip));
        }
        if !self.scope.contains(&name) {
            return Err(self.unknown_variable(name, range));
        }
        let index = self
            .mentions
            .iter()
            .position(|mentioned| &**mentioned == name)
            .unwrap_or_else(|| {
                self.mentions.push(Arc::from(name));
                self.mentions.len() - 1
            });
        self.term(Kind::Global(index))
    }

    fn unknown_variable(&self, name: &str, range: Range<usize>) -> CompileError {
        if name == "ENV" {
            return fault("`$ENV` is not available in workflow expressions", range);
        }
        let locals = self.bindings.iter().filter_map(|binding| match binding {
            Binding::Variable(name, _) => Some(*name),
            _ => None,
        });
        let known = locals.chain(self.scope.iter().copied());
        let help = suggest::nearest(name, known).map(|name| format!("did you mean `${name}`?"));
        CompileError {
            message: format!("unknown variable `${name}`"),
            range,
            help,
        }
    }
}
