//! Functions that are best said in jq. Parsed once for the whole process.

use std::sync::OnceLock;

use super::parse;
use super::term::Function;

const SOURCE: &str = include_str!("prelude.jq");

pub(super) struct Prelude {
    pub functions: Vec<Function>,
    names: Vec<(&'static str, usize, usize)>,
}

impl Prelude {
    pub fn find(&self, name: &str, arity: usize) -> Option<usize> {
        // The latest wins, as in jq.
        self.names
            .iter()
            .rev()
            .find(|(known, takes, _)| *known == name && *takes == arity)
            .map(|(.., index)| *index)
    }

    pub fn names(&self) -> impl Iterator<Item = (&'static str, usize)> + '_ {
        self.names.iter().map(|(name, arity, _)| (*name, *arity))
    }
}

pub(super) fn get() -> &'static Prelude {
    static PRELUDE: OnceLock<Prelude> = OnceLock::new();
    PRELUDE.get_or_init(|| {
        let (functions, names) = parse::definitions(SOURCE);
        Prelude { functions, names }
    })
}
