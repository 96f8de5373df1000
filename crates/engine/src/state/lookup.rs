//! The parts of a run's state that are looked up from several sides.
//!
//! Each is a list in JSON. Beside the list it keeps what else it is found by, made again on load: without that a fork of
//! n branches costs n times n looks. Only `apply` changes them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Deref;

use dsl::TaskId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Frame, Phase, Ready, Timer};

/// Task runs under way, by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frames {
    all: BTreeMap<u64, Frame>,
    /// Parent, then child.
    children: BTreeSet<(u64, u64)>,
    /// Calls and sub-runs that are waited for, each with its task run.
    effects: BTreeMap<u64, u64>,
    /// Task runs whose call may or may not have happened.
    uncertain: BTreeSet<u64>,
    /// How many calls are out, the uncertain ones not counted.
    calling: usize,
}

impl Frames {
    /// The task run that waits for an effect.
    #[must_use]
    pub fn of_effect(&self, effect: u64) -> Option<u64> {
        self.effects.get(&effect).copied()
    }

    /// The first task run whose call may or may not have happened.
    #[must_use]
    pub fn first_uncertain(&self) -> Option<&Frame> {
        self.all.get(self.uncertain.first()?)
    }

    /// Which task each run is of: another version of the definition may number its tasks differently.
    pub fn tasks_mut(&mut self) -> impl Iterator<Item = &mut TaskId> {
        self.all.values_mut().map(|frame| &mut frame.task)
    }

    pub(crate) fn is_calling(&self) -> bool {
        self.calling > 0
    }

    /// All task runs below one, in order of their ids.
    pub(crate) fn below(&self, id: u64) -> Vec<u64> {
        let mut found = Vec::new();
        let mut parents = vec![id];
        while let Some(parent) = parents.pop() {
            let children = self.children.range((parent, 0)..=(parent, u64::MAX));
            let first = found.len();
            found.extend(children.map(|(_, child)| *child));
            parents.extend_from_slice(&found[first..]);
        }
        found.sort_unstable();
        found
    }

    pub(crate) fn insert(&mut self, id: u64, frame: Frame) {
        self.remove(id);
        if let Some(parent) = frame.parent {
            self.children.insert((parent, id));
        }
        self.link(id, &frame.phase);
        self.all.insert(id, frame);
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<Frame> {
        let frame = self.all.remove(&id)?;
        if let Some(parent) = frame.parent {
            self.children.remove(&(parent, id));
        }
        self.unlink(id, &frame.phase);
        Some(frame)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn set_phase(&mut self, id: u64, phase: Phase) {
        let Some(frame) = self.all.get_mut(&id) else {
            return;
        };
        let old = std::mem::replace(&mut frame.phase, phase.clone());
        self.unlink(id, &old);
        self.link(id, &phase);
    }

    pub(crate) fn set_uncertain(&mut self, id: u64, is_uncertain: bool) {
        if let Some(Phase::Calling {
            effect, request, ..
        }) = self.all.get(&id).map(|frame| frame.phase.clone())
        {
            self.set_phase(
                id,
                Phase::Calling {
                    effect,
                    request,
                    is_uncertain,
                },
            );
        }
    }

    /// A task run, to change what it knows; what it waits for is changed by [`Frames::set_phase`].
    pub(crate) fn inside(&mut self, id: u64) -> Option<&mut Frame> {
        self.all.get_mut(&id)
    }

    fn link(&mut self, id: u64, phase: &Phase) {
        match phase {
            Phase::Calling {
                effect,
                is_uncertain,
                ..
            } => {
                self.effects.insert(*effect, id);
                if *is_uncertain {
                    self.uncertain.insert(id);
                } else {
                    self.calling += 1;
                }
            }
            Phase::SubRun { effect, .. } => {
                self.effects.insert(*effect, id);
            }
            _ => {}
        }
    }

    fn unlink(&mut self, id: u64, phase: &Phase) {
        match phase {
            Phase::Calling {
                effect,
                is_uncertain,
                ..
            } => {
                self.effects.remove(effect);
                if *is_uncertain {
                    self.uncertain.remove(&id);
                } else {
                    self.calling -= 1;
                }
            }
            Phase::SubRun { effect, .. } => {
                self.effects.remove(effect);
            }
            _ => {}
        }
    }
}

impl Deref for Frames {
    type Target = BTreeMap<u64, Frame>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl<'a> IntoIterator for &'a Frames {
    type Item = (&'a u64, &'a Frame);
    type IntoIter = std::collections::btree_map::Iter<'a, u64, Frame>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.iter()
    }
}

impl Serialize for Frames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.all)
    }
}

impl<'de> Deserialize<'de> for Frames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut frames = Self::default();
        for (id, frame) in Vec::<(u64, Frame)>::deserialize(deserializer)? {
            frames.insert(id, frame);
        }
        Ok(frames)
    }
}

/// Timers that are set, by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timers {
    all: BTreeMap<u64, Timer>,
    /// Task run, then timer.
    owned: BTreeSet<(u64, u64)>,
}

impl Timers {
    /// The timers of a task run.
    pub fn of(&self, frame: u64) -> impl Iterator<Item = (u64, &Timer)> {
        let owned = self.owned.range((frame, 0)..=(frame, u64::MAX));
        owned.filter_map(|(_, timer)| Some((*timer, self.all.get(timer)?)))
    }

    pub(crate) fn insert(&mut self, id: u64, timer: Timer) {
        self.remove(id);
        if let Some(frame) = timer.frame {
            self.owned.insert((frame, id));
        }
        self.all.insert(id, timer);
    }

    pub(crate) fn remove(&mut self, id: u64) {
        if let Some(Timer {
            frame: Some(frame), ..
        }) = self.all.remove(&id)
        {
            self.owned.remove(&(frame, id));
        }
    }

    pub(crate) fn remove_of(&mut self, frame: u64) {
        let ids: Vec<u64> = self.of(frame).map(|(id, _)| id).collect();
        for id in ids {
            self.remove(id);
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Deref for Timers {
    type Target = BTreeMap<u64, Timer>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl Serialize for Timers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.all)
    }
}

impl<'de> Deserialize<'de> for Timers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut timers = Self::default();
        for (id, timer) in Vec::<(u64, Timer)>::deserialize(deserializer)? {
            timers.insert(id, timer);
        }
        Ok(timers)
    }
}

/// Tasks that were due when a decision had used up its share, first come, first served.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ReadyTasks {
    all: VecDeque<Ready>,
    /// How many there are of each task run.
    parents: BTreeMap<u64, usize>,
}

impl ReadyTasks {
    pub fn push(&mut self, ready: Ready) {
        if let Some(parent) = ready.parent {
            *self.parents.entry(parent).or_default() += 1;
        }
        self.all.push_back(ready);
    }

    pub fn pop(&mut self) -> Option<Ready> {
        let ready = self.all.pop_front()?;
        if let Some(parent) = ready.parent
            && let Some(count) = self.parents.get_mut(&parent)
        {
            *count -= 1;
            if *count == 0 {
                self.parents.remove(&parent);
            }
        }
        Some(ready)
    }

    /// Forgets those of a task run that has ended, or whose children no longer matter.
    pub fn remove_of(&mut self, parent: u64) {
        if self.parents.remove(&parent).is_some() {
            self.all.retain(|ready| ready.parent != Some(parent));
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Deref for ReadyTasks {
    type Target = VecDeque<Ready>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl Serialize for ReadyTasks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ReadyTasks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut tasks = Self::default();
        for ready in Vec::<Ready>::deserialize(deserializer)? {
            tasks.push(ready);
        }
        Ok(tasks)
    }
}
