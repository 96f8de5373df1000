//! Regular expressions in linear time, compiled once: with the expression when they are written in it, else once in an
//! evaluation.
//!
//! Compiling one costs as much as a thousand terms, and a compiled one may take a megabyte; so sizes are limited, and so
//! is what all expressions of the process keep together. A pattern that finds no place is compiled when it is needed.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::expr::arith::shown;
use crate::expr::meter::{Meter, Stop};
use crate::value::{Text, Value};

const PATTERN_BYTES_MAX: usize = 4 << 10;
const COMPILED_BYTES_MAX: usize = 1 << 20;
const NESTING_MAX: u32 = 64;
/// Sizes of compiled patterns that are kept; what is larger is compiled in each evaluation.
const KEPT_SIZES: [usize; 2] = [16 << 10, 256 << 10];
/// Memory of all patterns that expressions keep, in the whole process.
const KEPT_BYTES_MAX: usize = 128 << 20;
/// A compiled pattern with what it builds while it matches, for each byte of its limit.
const KEPT_BYTES_EACH: usize = 4;
/// Patterns in one expression that are compiled with it.
const CONSTANTS_MAX: usize = 32;
/// Computed patterns that one evaluation remembers.
const COMPUTED_MAX: usize = 8;

/// A pattern and what it compiled to.
#[derive(Debug)]
pub(in crate::expr) struct Compiled {
    pub pattern: Text,
    pub regex: regex::Regex,
    options: Options,
    _place: Option<Place>,
}

/// The flags that change what a pattern means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::expr) struct Options {
    ignores_case: bool,
    ignores_space: bool,
    dot_takes_lines: bool,
}

pub(in crate::expr) struct Flags {
    pub is_global: bool,
    pub skips_empty: bool,
    pub options: Options,
}

/// Why a pattern is none.
#[derive(Clone, Debug)]
pub(in crate::expr) enum Wrong {
    Long(String),
    Large,
    /// What the engine says.
    Syntax(String),
}

impl Flags {
    pub fn read(flags: &Value) -> Result<Self, String> {
        let letters = match flags {
            Value::Null => "",
            Value::String(letters) => letters,
            other => return Err(format!("{} is not a string of flags", shown(other))),
        };
        let mut read = Self {
            is_global: false,
            skips_empty: false,
            options: Options::default(),
        };
        for letter in letters.chars() {
            match letter {
                'g' => read.is_global = true,
                'n' => read.skips_empty = true,
                'i' => read.options.ignores_case = true,
                'x' => read.options.ignores_space = true,
                'p' => read.options.dot_takes_lines = true,
                // `^` and `$` mean the whole text already; the longest match is not offered in linear time.
                's' | 'l' => {}
                _ => return Err(format!("{letters} is not a valid modifier string")),
            }
        }
        Ok(read)
    }
}

fn check_length(pattern: &str) -> Result<(), Wrong> {
    match pattern.len() {
        ..=PATTERN_BYTES_MAX => Ok(()),
        _ => Err(Wrong::Long(format!(
            "a regular expression has at most {PATTERN_BYTES_MAX} bytes"
        ))),
    }
}

fn build(pattern: &str, options: Options, bytes_max: usize) -> Result<regex::Regex, Wrong> {
    check_length(pattern)?;
    regex::RegexBuilder::new(pattern)
        .size_limit(bytes_max)
        .dfa_size_limit(bytes_max)
        .nest_limit(NESTING_MAX)
        .case_insensitive(options.ignores_case)
        .ignore_whitespace(options.ignores_space)
        .dot_matches_new_line(options.dot_takes_lines)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => Wrong::Large,
            // The engine draws the pattern above what it says.
            other => {
                let drawn = other.to_string();
                let last = drawn.lines().last().unwrap_or_default();
                Wrong::Syntax(last.trim_start_matches("error: ").to_owned())
            }
        })
}

/// The patterns written in one expression, while it is compiled.
#[derive(Default)]
pub(in crate::expr) struct Constants {
    seen: usize,
    kept: Vec<Arc<Compiled>>,
}

impl Constants {
    /// Compiles a pattern, and keeps it where there is room.
    pub fn add(&mut self, pattern: &Text, options: Options) -> Result<(), Wrong> {
        check_length(pattern)?;
        let is_known = |known: &Arc<Compiled>| known.is(pattern, options);
        if self.seen >= CONSTANTS_MAX || self.kept.iter().any(is_known) {
            return Ok(());
        }
        self.seen += 1;
        for bytes_max in KEPT_SIZES {
            match build(pattern, options, bytes_max) {
                Ok(regex) => {
                    if let Some(place) = Place::take(bytes_max * KEPT_BYTES_EACH) {
                        self.kept.push(Arc::new(Compiled {
                            pattern: pattern.clone(),
                            regex,
                            options,
                            _place: Some(place),
                        }));
                    }
                    return Ok(());
                }
                Err(Wrong::Large) => {}
                Err(wrong) => return Err(wrong),
            }
        }
        build(pattern, options, COMPILED_BYTES_MAX).map(|_| ())
    }

    /// Nothing at all for the many expressions without a pattern.
    pub fn finish(self) -> Option<Arc<[Arc<Compiled>]>> {
        (!self.kept.is_empty()).then(|| self.kept.into())
    }
}

impl Compiled {
    fn is(&self, pattern: &str, options: Options) -> bool {
        self.options == options && *self.pattern == *pattern
    }
}

/// Room for a pattern that is kept, given back when it goes.
#[derive(Debug)]
struct Place(usize);

static KEPT_BYTES: AtomicUsize = AtomicUsize::new(0);

impl Place {
    fn take(bytes: usize) -> Option<Self> {
        KEPT_BYTES
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |kept| {
                Some(kept + bytes).filter(|kept| *kept <= KEPT_BYTES_MAX)
            })
            .ok()
            .map(|_| Self(bytes))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        KEPT_BYTES.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// The patterns of one evaluation: those of the expression, and the last computed ones.
pub(in crate::expr) struct Regexes {
    constants: Option<Arc<[Arc<Compiled>]>>,
    computed: RefCell<Vec<Arc<Compiled>>>,
}

impl Regexes {
    pub fn new(constants: Option<Arc<[Arc<Compiled>]>>) -> Self {
        Self {
            constants,
            computed: RefCell::default(),
        }
    }

    pub fn get(
        &self,
        meter: &Meter,
        pattern: &Text,
        options: Options,
    ) -> Result<Result<Arc<Compiled>, Wrong>, Stop> {
        meter.work(1 + pattern.len() / 64)?;
        let mut computed = self.computed.borrow_mut();
        let known = self.constants.iter().flat_map(|kept| kept.iter());
        let known = known.chain(computed.iter().rev());
        if let Some(known) = known.into_iter().find(|known| known.is(pattern, options)) {
            return Ok(Ok(known.clone()));
        }
        // So much that the clock is looked at before each: a large one takes milliseconds.
        meter.work(256 + 16 * pattern.len().min(PATTERN_BYTES_MAX))?;
        meter.bytes(pattern.len() * 16)?;
        let regex = match build(pattern, options, COMPILED_BYTES_MAX) {
            Ok(regex) => regex,
            Err(wrong) => return Ok(Err(wrong)),
        };
        let compiled = Arc::new(Compiled {
            pattern: pattern.clone(),
            regex,
            options,
            _place: None,
        });
        if computed.len() >= COMPUTED_MAX {
            computed.remove(0);
        }
        computed.push(compiled.clone());
        Ok(Ok(compiled))
    }
}
