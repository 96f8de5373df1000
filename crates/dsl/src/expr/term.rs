//! The compiled form of an expression: a tree with every name resolved.

use crate::value::{Text, Value};

/// A node and what is known of it before running.
#[derive(Debug)]
pub(super) struct Term {
    pub kind: Kind,
    /// True when it gives exactly one result or fails, so that it can be computed by a plain call.
    pub is_single: bool,
    /// Levels below, counted while parsing so that no tree is deeper than the stack allows.
    pub depth: u16,
}

/// How many bindings to go back in the environment.
pub(super) type Skip = usize;

#[derive(Debug)]
pub(super) enum Kind {
    Identity,
    Const(Value),
    /// One of the values handed in by name; an index into [`Program::mentions`].
    Global(usize),
    Local(Skip),
    /// A filter given as an argument.
    Closure(Skip),
    Call {
        function: FunctionRef,
        skip: Skip,
        args: Vec<Term>,
    },
    Native(&'static super::native::Native, Vec<Term>),
    Special(Special, Vec<Term>),
    /// Text with `\( )` in it.
    Format(Option<super::format::Format>, Vec<Piece>),
    Array(Option<Box<Term>>),
    Object(Vec<(Term, Term)>),
    Negate(Box<Term>),
    Math(MathOp, Box<Term>, Box<Term>),
    Compare(CompareOp, Box<Term>, Box<Term>),
    And(Box<Term>, Box<Term>),
    Or(Box<Term>, Box<Term>),
    Alternative(Box<Term>, Box<Term>),
    Assign(AssignOp, Box<Term>, Box<Term>),
    Pipe(Vec<Term>),
    Comma(Vec<Term>),
    If(Box<Term>, Box<Term>, Box<Term>),
    Try(Box<Term>, Option<Box<Term>>),
    Bind(Box<Term>, Vec<Pattern>, Box<Term>),
    Reduce {
        source: Box<Term>,
        patterns: Vec<Pattern>,
        init: Box<Term>,
        update: Box<Term>,
    },
    Foreach {
        source: Box<Term>,
        patterns: Vec<Pattern>,
        init: Box<Term>,
        update: Box<Term>,
        extract: Option<Box<Term>>,
    },
    Label(Box<Term>),
    Break(Skip),
    Index(Box<Term>, Box<Term>),
    Slice(Box<Term>, Option<Box<Term>>, Option<Box<Term>>),
    Iterate(Box<Term>),
}

/// What only the evaluator can do: functions over filters, paths and streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    Empty,
    Error,
    Path,
    GetPath,
    Paths,
    Delete,
    Recurse,
    Range,
    First,
    Last,
    Limit,
    Skip,
    Until,
    While,
    Repeat,
    IsEmpty,
    Any,
    All,
    Add,
    SortBy,
    GroupBy,
    UniqueBy,
    MinBy,
    MaxBy,
    Walk,
    Substitute,
    ToStream,
}

#[derive(Debug)]
pub(super) enum Piece {
    Text(Text),
    Term(Term),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MathOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AssignOp {
    Set,
    Update,
    Math(MathOp),
    Alternative,
}

/// Where a value's parts are bound. Every variable of all alternatives has its slot, in the same order in each.
#[derive(Debug)]
pub(super) struct Pattern {
    pub shape: Shape,
    /// Slots that all alternatives together bind.
    pub slots: usize,
}

#[derive(Debug)]
pub(super) enum Shape {
    /// The slot of the variable, counted from the first one of the pattern.
    Variable(usize),
    Array(Vec<Shape>),
    /// Key (evaluated with the value as input), a variable for the same value, and what is inside.
    Object(Vec<(Term, Option<usize>, Option<Shape>)>),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum FunctionRef {
    /// Defined in the expression itself.
    Own(usize),
    /// Defined in jq by us, shared by all expressions.
    Prelude(usize),
}

#[derive(Debug)]
pub(super) struct Function {
    /// For each parameter, whether it is a value (`$x`) instead of a filter.
    pub params: Vec<bool>,
    pub body: Term,
}

#[derive(Debug)]
pub(super) struct Program {
    pub body: Term,
    pub functions: Vec<Function>,
    /// Names from outside that the expression uses, without `$`.
    pub mentions: Vec<Text>,
    /// Regular expressions written in the expression.
    pub regexes: Option<std::sync::Arc<[std::sync::Arc<super::regex::Compiled>]>>,
}

impl Term {
    /// `function` answers the definition behind a call, or `None` when it is still being read.
    pub fn new<'t>(kind: Kind, function: impl Fn(FunctionRef) -> Option<&'t Function>) -> Self {
        let mut depth = 0;
        let mut are_single = true;
        for_each_child(&kind, &mut |child| {
            depth = depth.max(child.depth);
            are_single &= child.is_single;
        });
        let is_single = match &kind {
            Kind::Array(_) => true,
            Kind::Comma(_)
            | Kind::Iterate(_)
            | Kind::Closure(_)
            | Kind::Try(_, None)
            | Kind::Foreach { .. }
            | Kind::Label(_)
            | Kind::Break(_) => false,
            Kind::Reduce { init, .. } => init.is_single,
            Kind::Assign(op, _, value) => *op == AssignOp::Update || value.is_single,
            Kind::Bind(source, patterns, body) => {
                let is_plain = matches!(
                    patterns.as_slice(),
                    [Pattern {
                        shape: Shape::Variable(_),
                        ..
                    }]
                );
                is_plain && source.is_single && body.is_single
            }
            Kind::Call {
                function: called,
                args,
                ..
            } => function(*called).is_some_and(|called| {
                let values = args
                    .iter()
                    .zip(&called.params)
                    .filter(|(_, is_value)| **is_value);
                called.body.is_single && values.into_iter().all(|(arg, _)| arg.is_single)
            }),
            Kind::Special(special, args) => special.is_single(args),
            _ => are_single,
        };
        Self {
            kind,
            is_single,
            depth: depth.saturating_add(1),
        }
    }
}

impl Special {
    fn is_single(self, args: &[Term]) -> bool {
        match self {
            Self::Error | Self::GetPath | Self::Until | Self::Walk => {
                args.iter().all(|arg| arg.is_single)
            }
            Self::Delete
            | Self::IsEmpty
            | Self::Any
            | Self::All
            | Self::Add
            | Self::SortBy
            | Self::GroupBy
            | Self::UniqueBy
            | Self::MinBy
            | Self::MaxBy => true,
            Self::Substitute => false,
            Self::Empty
            | Self::Path
            | Self::Paths
            | Self::Recurse
            | Self::Range
            | Self::First
            | Self::Last
            | Self::Limit
            | Self::Skip
            | Self::While
            | Self::Repeat
            | Self::ToStream => false,
        }
    }
}

fn for_each_child(kind: &Kind, visit: &mut dyn FnMut(&Term)) {
    match kind {
        Kind::Identity
        | Kind::Const(_)
        | Kind::Global(_)
        | Kind::Local(_)
        | Kind::Closure(_)
        | Kind::Break(_)
        | Kind::Array(None) => {}
        Kind::Call { args, .. }
        | Kind::Native(_, args)
        | Kind::Special(_, args)
        | Kind::Pipe(args)
        | Kind::Comma(args) => {
            args.iter().for_each(visit);
        }
        Kind::Format(_, pieces) => pieces.iter().for_each(|piece| {
            if let Piece::Term(term) = piece {
                visit(term);
            }
        }),
        Kind::Array(Some(term)) | Kind::Negate(term) | Kind::Label(term) | Kind::Iterate(term) => {
            visit(term)
        }
        Kind::Object(entries) => entries.iter().for_each(|(key, value)| {
            visit(key);
            visit(value);
        }),
        Kind::Math(_, left, right)
        | Kind::Compare(_, left, right)
        | Kind::And(left, right)
        | Kind::Or(left, right)
        | Kind::Alternative(left, right)
        | Kind::Assign(_, left, right)
        | Kind::Index(left, right) => {
            visit(left);
            visit(right);
        }
        Kind::If(condition, then, otherwise) => {
            visit(condition);
            visit(then);
            visit(otherwise);
        }
        Kind::Try(body, handler) => {
            visit(body);
            handler.iter().for_each(|handler| visit(handler));
        }
        Kind::Bind(source, patterns, body) => {
            visit(source);
            for_each_key(patterns, visit);
            visit(body);
        }
        Kind::Reduce {
            source,
            patterns,
            init,
            update,
        } => {
            visit(source);
            for_each_key(patterns, visit);
            visit(init);
            visit(update);
        }
        Kind::Foreach {
            source,
            patterns,
            init,
            update,
            extract,
        } => {
            visit(source);
            for_each_key(patterns, visit);
            visit(init);
            visit(update);
            extract.iter().for_each(|extract| visit(extract));
        }
        Kind::Slice(base, from, upto) => {
            visit(base);
            from.iter().chain(upto).for_each(|bound| visit(bound));
        }
    }
}

fn for_each_key(patterns: &[Pattern], visit: &mut dyn FnMut(&Term)) {
    fn in_shape(shape: &Shape, visit: &mut dyn FnMut(&Term)) {
        match shape {
            Shape::Variable(_) => {}
            Shape::Array(shapes) => shapes.iter().for_each(|shape| in_shape(shape, visit)),
            Shape::Object(entries) => entries.iter().for_each(|(key, _, inside)| {
                visit(key);
                inside.iter().for_each(|shape| in_shape(shape, visit));
            }),
        }
    }
    patterns
        .iter()
        .for_each(|pattern| in_shape(&pattern.shape, visit));
}

impl Pattern {
    /// True for a plain `$x`.
    pub fn is_variable(&self) -> bool {
        matches!(self.shape, Shape::Variable(_))
    }
}
