//! Operators, by how tight they bind, and what may stand beside them.

use super::{Parsed, Parser};
use crate::expr::lex::{Token, token};
use crate::expr::term::{AssignOp, CompareOp, Kind, MathOp};

#[derive(Clone, Copy)]
enum Operator {
    Alternative,
    Assign(AssignOp),
    Or,
    And,
    Compare(CompareOp),
    Math(MathOp),
}

impl Operator {
    const PRODUCT: u8 = 7;

    /// The operator and how tight it binds.
    fn read(token: Token<'_>) -> Option<(Self, u8)> {
        Some(match token {
            Token::Symbol("//") => (Self::Alternative, 1),
            Token::Symbol("=") => (Self::Assign(AssignOp::Set), 2),
            Token::Symbol("|=") => (Self::Assign(AssignOp::Update), 2),
            Token::Symbol("+=") => (Self::Assign(AssignOp::Math(MathOp::Add)), 2),
            Token::Symbol("-=") => (Self::Assign(AssignOp::Math(MathOp::Subtract)), 2),
            Token::Symbol("*=") => (Self::Assign(AssignOp::Math(MathOp::Multiply)), 2),
            Token::Symbol("/=") => (Self::Assign(AssignOp::Math(MathOp::Divide)), 2),
            Token::Symbol("%=") => (Self::Assign(AssignOp::Math(MathOp::Remainder)), 2),
            Token::Symbol("//=") => (Self::Assign(AssignOp::Alternative), 2),
            Token::Word("or") => (Self::Or, 3),
            Token::Word("and") => (Self::And, 4),
            Token::Symbol("==") => (Self::Compare(CompareOp::Equal), 5),
            Token::Symbol("!=") => (Self::Compare(CompareOp::NotEqual), 5),
            Token::Symbol("<") => (Self::Compare(CompareOp::Less), 5),
            Token::Symbol("<=") => (Self::Compare(CompareOp::LessOrEqual), 5),
            Token::Symbol(">") => (Self::Compare(CompareOp::Greater), 5),
            Token::Symbol(">=") => (Self::Compare(CompareOp::GreaterOrEqual), 5),
            Token::Symbol("+") => (Self::Math(MathOp::Add), 6),
            Token::Symbol("-") => (Self::Math(MathOp::Subtract), 6),
            Token::Symbol("*") => (Self::Math(MathOp::Multiply), Self::PRODUCT),
            Token::Symbol("/") => (Self::Math(MathOp::Divide), Self::PRODUCT),
            Token::Symbol("%") => (Self::Math(MathOp::Remainder), Self::PRODUCT),
            _ => return None,
        })
    }
}

impl<'s> Parser<'s> {
    /// Operators that bind at least as tight as `least`. One function for all, so that brackets cost little stack.
    pub(super) fn binary(&mut self, least: u8) -> Parsed {
        let mut left = self.operand()?;
        let mut most = u8::MAX;
        loop {
            let (found, range) = token(self.source, self.at);
            let Some((operator, level)) = Operator::read(found) else {
                return Ok(left);
            };
            if level < least || level > most {
                return Ok(left);
            }
            self.at = range.end;
            let right = match operator {
                Operator::Alternative => self.deeper(|parser| parser.binary(level))?,
                _ => self.binary(level + 1)?,
            };
            // jq does not chain these: `1 == 1 == 1` is an error.
            if matches!(operator, Operator::Assign(_) | Operator::Compare(_)) {
                most = level - 1;
            }
            let (a, b) = (Box::new(left), Box::new(right));
            left = self.term(match operator {
                Operator::Alternative => Kind::Alternative(a, b),
                Operator::Assign(op) => Kind::Assign(op, a, b),
                Operator::Or => Kind::Or(a, b),
                Operator::And => Kind::And(a, b),
                Operator::Compare(op) => Kind::Compare(op, a, b),
                Operator::Math(op) => Kind::Math(op, a, b),
            })?;
        }
    }

    /// One side of an operator: a term, or a binding that reaches as far right as it can.
    fn operand(&mut self) -> Parsed {
        if self.take("-") {
            let operand = self.deeper(|parser| parser.binary(Operator::PRODUCT))?;
            return self.term(Kind::Negate(Box::new(operand)));
        }
        if self.peek() == Token::Word("def") {
            return self.deeper(Self::pipe);
        }
        if self.take_word("label") {
            return self.label();
        }
        let term = self.postfix()?;
        if !self.take_word("as") {
            return Ok(term);
        }
        let (patterns, names) = self.patterns()?;
        self.expect("|", "after the variables of `as`")?;
        let body = self.with_variables(&names, |parser| parser.deeper(Self::pipe))?;
        self.term(Kind::Bind(Box::new(term), patterns, Box::new(body)))
    }
}
