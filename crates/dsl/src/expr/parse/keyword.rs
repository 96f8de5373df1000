//! What begins with a word of the language: `if`, `try`, `reduce`, `foreach`, `label` and `break`.

use std::ops::Range;

use super::{Binding, Parsed, Parser, fault, identity};
use crate::expr::CompileError;
use crate::expr::lex::Token;
use crate::expr::term::Kind;

impl<'s> Parser<'s> {
    pub(super) fn word(&mut self, word: &'s str, range: Range<usize>) -> Parsed {
        match word {
            "if" => self.condition(),
            "try" => self.attempt(),
            "reduce" => self.reduce(),
            "foreach" => self.foreach(),
            "break" => self.break_(),
            "import" | "include" | "module" => {
                let help = Some("write the definitions in the expression itself".to_owned());
                Err(CompileError {
                    message: "modules are not available in workflow expressions".into(),
                    range,
                    help,
                })
            }
            "then" | "elif" | "else" | "end" | "as" | "and" | "or" | "catch" | "label" | "def" => {
                self.at = range.start;
                Err(self.unexpected("a value, a path or a function"))
            }
            "__loc__" => Err(fault("write `$__loc__`", range)),
            name => self.call(name, range),
        }
    }

    /// `if c then a elif d then b else e end`, the word `if` (or `elif`) being read.
    fn condition(&mut self) -> Parsed {
        let condition = self.inner()?;
        self.expect_word("then", "after the condition of `if`")?;
        let then = self.inner()?;
        let otherwise = if self.take_word("elif") {
            self.deeper(Self::condition)?
        } else if self.take_word("else") {
            let otherwise = self.inner()?;
            self.expect_word("end", "to close `if`")?;
            otherwise
        } else {
            self.expect_word("end", "or `else` to close `if`")?;
            identity()
        };
        self.term(Kind::If(
            Box::new(condition),
            Box::new(then),
            Box::new(otherwise),
        ))
    }

    fn attempt(&mut self) -> Parsed {
        let body = self.deeper(Self::try_operand)?;
        let handler = if self.take_word("catch") {
            Some(Box::new(self.deeper(Self::try_operand)?))
        } else {
            None
        };
        self.term(Kind::Try(Box::new(body), handler))
    }

    fn try_operand(&mut self) -> Parsed {
        if self.take("-") {
            let operand = self.deeper(Self::postfix)?;
            return self.term(Kind::Negate(Box::new(operand)));
        }
        self.postfix()
    }

    fn reduce(&mut self) -> Parsed {
        let source = self.deeper(Self::postfix)?;
        self.expect_word("as", "after the source of `reduce`")?;
        let (patterns, names) = self.patterns()?;
        self.expect("(", "after the variables of `reduce`")?;
        let init = self.inner()?;
        self.expect(";", "after the first value of `reduce`")?;
        let update = self.with_variables(&names, Self::inner)?;
        self.expect(")", "to close `reduce`")?;
        let (source, init, update) = (Box::new(source), Box::new(init), Box::new(update));
        self.term(Kind::Reduce {
            source,
            patterns,
            init,
            update,
        })
    }

    fn foreach(&mut self) -> Parsed {
        let source = self.deeper(Self::postfix)?;
        self.expect_word("as", "after the source of `foreach`")?;
        let (patterns, names) = self.patterns()?;
        self.expect("(", "after the variables of `foreach`")?;
        let init = self.inner()?;
        self.expect(";", "after the first value of `foreach`")?;
        let (update, extract) = self.with_variables(&names, |parser| {
            let update = parser.inner()?;
            let extract = if parser.take(";") {
                Some(Box::new(parser.inner()?))
            } else {
                None
            };
            Ok((update, extract))
        })?;
        self.expect(")", "to close `foreach`")?;
        let (source, init, update) = (Box::new(source), Box::new(init), Box::new(update));
        self.term(Kind::Foreach {
            source,
            patterns,
            init,
            update,
            extract,
        })
    }

    fn break_(&mut self) -> Parsed {
        let (Token::Variable(name), range) = self.next() else {
            return Err(fault("expected a `$name` after `break`", self.at..self.at));
        };
        match self.skip_to(|binding| matches!(binding, Binding::Label(label) if *label == name)) {
            Some(skip) => self.term(Kind::Break(skip)),
            None => Err(fault(
                format!("no label `${name}` around this `break`"),
                range,
            )),
        }
    }

    pub(super) fn label(&mut self) -> Parsed {
        let name = match self.next() {
            (Token::Variable(name), _) => name,
            (_, range) => return Err(fault("expected a `$name` after `label`", range)),
        };
        self.expect("|", "after the label")?;
        self.bindings.push(Binding::Label(name));
        self.slots += 1;
        let body = self.deeper(Self::pipe);
        self.bindings.pop();
        self.slots -= 1;
        let body = body?;
        self.term(Kind::Label(Box::new(body)))
    }
}
