//! What an evaluation may still use: terms, time, memory, stack and depth.
//!
//! Work and memory are charged before they are spent, so no expression can hang or exhaust the process. Ending is an
//! ordinary error on the way out, never a panic.

use std::cell::Cell;
use std::cmp::Ordering;
use std::time::{Duration, Instant};

use super::EvalLimits;
use super::regex::Regexes;
use crate::value::Value;

/// Stack that one evaluation may use below its entry, which leaves room on threads with 2 MiB.
pub(super) const STACK_BYTES_MAX: usize = 768 << 10;
/// Terms between two looks at the clock.
const CLOCK_EVERY: u64 = 256;
/// How many times its limit an evaluation may take when most of that was waiting for a processor.
const WAITED_MAX: u32 = 20;
/// Containers built before each new one is measured: until then nothing can be too deep to drop.
const NESTS_FREE: u32 = 256;

/// What the allocator and a reference count add to each allocation.
const ALLOCATION_BYTES: usize = 32;
/// An object without entries, and what each entry adds besides its key's letters.
const OBJECT_BYTES: usize = 160;
const ENTRY_BYTES: usize = 72;
/// Less is not worth a look when it goes.
const SETTLED_BYTES_MIN: usize = 4 << 10;

/// Why evaluation does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// An error that `try` may catch, with its value.
    Throw(Value),
    /// `break` to the label of this number.
    Break(u64),
    /// Whoever received a result wants no more; the reason is kept by the one who listens.
    Unwind,
    Limit(Limit),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Fuel,
    Time,
    Memory,
    Stack,
    Depth,
}

impl Limit {
    pub fn title(self) -> &'static str {
        match self {
            Self::Fuel => "Expression exceeded its fuel",
            Self::Time => "Expression exceeded its time",
            Self::Memory => "Expression exceeded its memory",
            Self::Stack => "Expression exceeded its stack",
            Self::Depth => "Expression exceeded its depth",
        }
    }
}

pub(super) type Flow = Result<(), Stop>;

/// An error with a message.
pub(super) fn throw<T>(message: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Throw(Value::String(message.into().into())))
}

pub(super) struct Meter {
    fuel: Cell<u64>,
    bytes: Cell<usize>,
    bytes_max: usize,
    nests: Cell<u32>,
    labels: Cell<u64>,
    /// The result that was checked holds numbers that JSON does not know.
    pub has_strange_numbers: Cell<bool>,
    /// When the first look was, and how much of its processor the thread had used by then.
    started: Cell<Option<(Instant, Duration)>>,
    stack_floor: usize,
    wall: Duration,
    depth_max: usize,
    pub now: jiff::Timestamp,
    pub regexes: Regexes,
    /// Deep containers measured lately, so that a large value placed many times is walked once.
    measured: std::cell::RefCell<Vec<(Value, usize)>>,
}

/// How much of a processor this thread has used so far.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

impl Meter {
    pub fn new(limits: &EvalLimits, now: jiff::Timestamp, regexes: Regexes) -> Self {
        Self {
            fuel: Cell::new(limits.fuel),
            bytes: Cell::new(limits.bytes_max),
            bytes_max: limits.bytes_max,
            nests: Cell::new(0),
            labels: Cell::new(0),
            has_strange_numbers: Cell::new(false),
            started: Cell::new(None),
            stack_floor: here().saturating_sub(STACK_BYTES_MAX),
            wall: limits.wall,
            depth_max: limits.depth_max,
            now,
            regexes,
            measured: std::cell::RefCell::new(Vec::new()),
        }
    }

    /// One term evaluated.
    #[inline]
    pub fn tick(&self) -> Flow {
        let left = self.fuel.get();
        if left == 0 {
            return Err(Stop::Limit(Limit::Fuel));
        }
        self.fuel.set(left - 1);
        if here() < self.stack_floor {
            return Err(Stop::Limit(Limit::Stack));
        }
        if left.is_multiple_of(CLOCK_EVERY) {
            self.look_at_clock()
        } else {
            Ok(())
        }
    }

    /// Work inside a function, in the time that terms take.
    pub fn work(&self, terms: usize) -> Flow {
        let left = self.fuel.get();
        let terms = terms as u64;
        if left < terms {
            self.fuel.set(0);
            return Err(Stop::Limit(Limit::Fuel));
        }
        self.fuel.set(left - terms);
        if terms >= CLOCK_EVERY || left / CLOCK_EVERY != (left - terms) / CLOCK_EVERY {
            self.look_at_clock()
        } else {
            Ok(())
        }
    }

    #[cold]
    fn look_at_clock(&self) -> Flow {
        // The clock starts at the first look: what ends before it needs none.
        match self.started.get() {
            None => self.started.set(Some((Instant::now(), processor_time()))),
            // On a busy machine the thread may have waited, not worked: what counts is the processor it used.
            Some((began, used)) if began.elapsed() > self.wall => {
                let worked = processor_time().saturating_sub(used);
                if worked > self.wall || began.elapsed() > self.wall * WAITED_MAX {
                    return Err(Stop::Limit(Limit::Time));
                }
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// Memory for something about to be built.
    #[inline]
    pub fn bytes(&self, bytes: usize) -> Flow {
        match self.bytes.get().checked_sub(bytes) {
            Some(left) => {
                self.bytes.set(left);
                Ok(())
            }
            None => Err(Stop::Limit(Limit::Memory)),
        }
    }

    /// Memory for a text, and the work of copying it.
    pub fn text(&self, bytes: usize) -> Flow {
        // It is there twice while it gets its reference count.
        if bytes.saturating_mul(2) > self.bytes.get() {
            return Err(Stop::Limit(Limit::Memory));
        }
        self.bytes(bytes.saturating_add(ALLOCATION_BYTES))?;
        self.work(bytes / 64)
    }

    /// The work of looking through a text; for a key, of finding it.
    #[inline]
    pub fn reading(&self, text: &str) -> Flow {
        match text.len() {
            ..64 => Ok(()),
            bytes => self.work(bytes / 64),
        }
    }

    /// Memory for a list that was collected one by one, beyond its values themselves.
    pub fn list<T>(&self, items: &Vec<T>) -> Flow {
        let spare = items.capacity() - items.len();
        self.bytes(2 * ALLOCATION_BYTES + spare * size_of::<T>())
    }

    /// Memory for the path of a place that was found.
    pub fn path(&self, path: &[Value]) -> Flow {
        self.bytes(ALLOCATION_BYTES)?;
        self.items(path.len().max(4) + 1)
    }

    /// Memory for an object, and the work of filling it.
    pub fn object(&self, entries: usize) -> Flow {
        self.bytes(OBJECT_BYTES.saturating_add(entries.saturating_mul(ENTRY_BYTES)))?;
        self.work(entries / 8)
    }

    /// Gives back the memory of what was built since `before` (see [`Self::bytes_left`]) and is gone: all but `value`,
    /// the only thing that is left of a term with one result.
    #[inline]
    pub fn settle(&self, before: usize, value: &Value) -> Flow {
        let built = before - self.bytes.get().min(before);
        // While there is plenty it is not worth a look.
        if built < SETTLED_BYTES_MIN || self.bytes.get() > self.bytes_max / 2 {
            return Ok(());
        }
        self.give_back(built, value)
    }

    #[cold]
    fn give_back(&self, built: usize, value: &Value) -> Flow {
        // What was measured lately may be all that holds something that is gone.
        self.measured.borrow_mut().clear();
        let mut left = built;
        let mut seen = 0;
        let is_smaller = fits(value, &mut left, &mut seen);
        self.work(seen / 8)?;
        if is_smaller {
            self.bytes.set(self.bytes.get() + left);
        }
        Ok(())
    }

    /// Memory for a list of `count` values, and the work of filling it.
    pub fn items(&self, count: usize) -> Flow {
        self.bytes(count.saturating_mul(size_of::<Value>()))?;
        self.work(count / 8)
    }

    pub fn bytes_left(&self) -> usize {
        self.bytes.get()
    }

    pub fn depth_max(&self) -> usize {
        self.depth_max
    }

    pub fn new_label(&self) -> u64 {
        self.labels.set(self.labels.get() + 1);
        self.labels.get()
    }

    pub fn has_built(&self) -> bool {
        self.nests.get() > 0
    }

    /// Lets a new container pass when it is not too deep.
    #[inline]
    pub fn nested(&self, value: Value) -> Result<Value, Stop> {
        let nests = self.nests.get();
        self.nests.set(nests.saturating_add(1));
        if nests < NESTS_FREE {
            return Ok(value);
        }
        self.measure(&value)?;
        Ok(value)
    }

    /// Lets a value pass that is put `levels` deep into another.
    pub fn placed(&self, value: &Value, levels: usize) -> Flow {
        let nests = self.nests.get();
        self.nests.set(nests.saturating_add(1));
        if nests < NESTS_FREE {
            return Ok(());
        }
        let depth = self.depth(value, levels)?;
        if depth + levels > self.depth_max {
            Err(Stop::Limit(Limit::Depth))
        } else {
            Ok(())
        }
    }

    #[cold]
    fn measure(&self, value: &Value) -> Flow {
        let mut depth = 0;
        for_each_inside(value, &mut |child| {
            depth = depth.max(self.depth(child, 1)?);
            Ok(())
        })?;
        if depth >= self.depth_max {
            Err(Stop::Limit(Limit::Depth))
        } else {
            Ok(())
        }
    }

    fn depth(&self, value: &Value, above: usize) -> Result<usize, Stop> {
        let count = match value {
            Value::Array(items) => items.len(),
            Value::Object(map) => map.len(),
            _ => return Ok(0),
        };
        // Deeper than anything that may exist: no need to know how much.
        if above > self.depth_max {
            return Err(Stop::Limit(Limit::Depth));
        }
        if here() < self.stack_floor {
            return Err(Stop::Limit(Limit::Stack));
        }
        if let Some((_, depth)) = self
            .measured
            .borrow()
            .iter()
            .find(|(known, _)| known.is_same(value))
        {
            return Ok(*depth);
        }
        let fuel = self.fuel.get();
        self.work(1 + count / 8)?;
        let mut depth = 0;
        for_each_inside(value, &mut |child| {
            depth = depth.max(self.depth(child, above + 1)?);
            Ok(())
        })?;
        if fuel - self.fuel.get() > 32 {
            let mut measured = self.measured.borrow_mut();
            if measured.len() >= 8 {
                measured.remove(0);
            }
            measured.push((value.clone(), depth + 1));
        }
        Ok(depth + 1)
    }

    /// Checks a result before it leaves: a small value with shared parts may be huge when written.
    pub fn check_result(&self, value: &Value, left: &mut usize, depth: usize) -> Flow {
        let size = match value {
            Value::String(text) | Value::Decimal(text) => text.len(),
            Value::Array(_) | Value::Object(_) if depth >= self.depth_max => {
                return Err(Stop::Limit(Limit::Depth));
            }
            Value::Float(number) if !number.is_finite() => {
                self.has_strange_numbers.set(true);
                4
            }
            _ => 4,
        };
        *left = left
            .checked_sub(size + 1)
            .ok_or(Stop::Limit(Limit::Memory))?;
        if let Value::Object(map) = value {
            let keys: usize = map.keys().map(|key| key.len() + 3).sum();
            *left = left.checked_sub(keys).ok_or(Stop::Limit(Limit::Memory))?;
        }
        for_each_inside(value, &mut |child| {
            self.check_result(child, left, depth + 1)
        })
    }

    /// jq's order of values: null, false, true, numbers, texts, arrays, objects.
    pub fn compare(&self, left: &Value, right: &Value) -> Result<Ordering, Stop> {
        let by_kind = rank(left).cmp(&rank(right));
        if by_kind != Ordering::Equal {
            return Ok(by_kind);
        }
        match (left, right) {
            (Value::String(left), Value::String(right)) => {
                self.work(left.len().min(right.len()) / 64)?;
                Ok(left.cmp(right))
            }
            (Value::Int(left), Value::Int(right)) => Ok(left.cmp(right)),
            (Value::Array(left), Value::Array(right)) => {
                if std::sync::Arc::ptr_eq(left, right) {
                    return Ok(Ordering::Equal);
                }
                self.tick()?;
                for (left, right) in left.iter().zip(right.iter()) {
                    let order = self.compare(left, right)?;
                    if order != Ordering::Equal {
                        return Ok(order);
                    }
                }
                self.work(left.len().min(right.len()) / 8)?;
                Ok(left.len().cmp(&right.len()))
            }
            (Value::Object(left), Value::Object(right)) => {
                if std::sync::Arc::ptr_eq(left, right) {
                    return Ok(Ordering::Equal);
                }
                self.tick()?;
                self.work(left.len() + right.len())?;
                let keys = sorted_keys(left);
                let order = keys.cmp(&sorted_keys(right));
                if order != Ordering::Equal {
                    return Ok(order);
                }
                for key in keys {
                    let order = self.compare(&left[key], &right[key])?;
                    if order != Ordering::Equal {
                        return Ok(order);
                    }
                }
                Ok(Ordering::Equal)
            }
            _ => Ok(compare_numbers(left, right)),
        }
    }

    /// Equality as jq's `==`.
    pub fn equal(&self, left: &Value, right: &Value) -> Result<bool, Stop> {
        match (left, right) {
            (Value::String(left), Value::String(right)) => {
                if left.len() != right.len() || std::sync::Arc::ptr_eq(left, right) {
                    return Ok(left.len() == right.len());
                }
                self.reading(left)?;
                Ok(left == right)
            }
            (Value::Object(a), Value::Object(b)) if a.len() != b.len() => Ok(false),
            (Value::Array(a), Value::Array(b)) if a.len() != b.len() => Ok(false),
            (Value::Float(number), _) | (_, Value::Float(number)) if number.is_nan() => Ok(false),
            _ => Ok(self.compare(left, right)? == Ordering::Equal),
        }
    }

    /// Sorts by what `key` gives for each item, keeping the order of equal ones.
    pub fn sort<T>(&self, items: &mut [T], key: impl Fn(&T) -> &Value) -> Flow {
        self.work(items.len())?;
        // A sort cannot be left early, so after the first failure all are equal and it ends soon.
        let failure = Cell::new(None);
        items.sort_by(|left, right| {
            let stop = failure.take();
            if stop.is_some() {
                failure.set(stop);
                return Ordering::Equal;
            }
            self.tick()
                .and_then(|()| self.compare(key(left), key(right)))
                .unwrap_or_else(|stop| {
                    failure.set(Some(stop));
                    Ordering::Equal
                })
        });
        failure.take().map_or(Ok(()), Err)
    }
}

pub(super) fn sorted_keys(map: &crate::value::Map) -> Vec<&str> {
    let mut keys: Vec<&str> = map.keys().map(|key| &**key).collect();
    keys.sort_unstable();
    keys
}

fn compare_numbers(left: &Value, right: &Value) -> Ordering {
    match (left.as_f64(), right.as_f64()) {
        // jq: not-a-number is less than every number, itself included.
        (Some(left), Some(right)) => left.partial_cmp(&right).unwrap_or(if left.is_nan() {
            Ordering::Less
        } else {
            Ordering::Greater
        }),
        // Null and booleans of the same rank are equal.
        _ => Ordering::Equal,
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Int(_) | Value::Float(_) | Value::Decimal(_) => 3,
        Value::String(_) => 4,
        Value::Array(_) => 5,
        Value::Object(_) => 6,
    }
}

/// Takes the size of `value` off `left`; false when it is larger. Shared parts count each time.
fn fits(value: &Value, left: &mut usize, seen: &mut usize) -> bool {
    *seen += 1;
    let (size, keys) = match value {
        Value::String(text) | Value::Decimal(text) => (ALLOCATION_BYTES + text.len(), 0),
        Value::Array(items) => (
            2 * ALLOCATION_BYTES + items.capacity() * size_of::<Value>(),
            0,
        ),
        Value::Object(map) => (
            OBJECT_BYTES + map.capacity() * ENTRY_BYTES,
            map.keys().map(|key| key.len()).sum(),
        ),
        _ => (0, 0),
    };
    let Some(rest) = left.checked_sub(size + keys) else {
        return false;
    };
    *left = rest;
    // Values are no deeper than the limit, so neither is this.
    match value {
        Value::Array(items) => items.iter().all(|item| fits(item, left, seen)),
        Value::Object(map) => map.values().all(|item| fits(item, left, seen)),
        _ => true,
    }
}

fn for_each_inside(value: &Value, visit: &mut dyn FnMut(&Value) -> Flow) -> Flow {
    match value {
        Value::Array(items) => items.iter().try_for_each(visit),
        Value::Object(map) => map.values().try_for_each(visit),
        _ => Ok(()),
    }
}

/// About where the stack is now.
#[inline]
pub(super) fn here() -> usize {
    let mark = 0_u8;
    std::ptr::from_ref(&mark).addr()
}
