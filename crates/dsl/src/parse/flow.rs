//! Flow directives: where `then` leads, and which tasks nothing leads to.

use std::rc::Rc;

use indexmap::IndexMap;

use super::decoder::{At, Decoder, shorten};
use crate::definition::TaskId;
use crate::definition::task::{Task, TaskKind, Then};
use crate::problem::code;
use crate::suggest;
use crate::value::Text;

/// The tasks of one list, by name.
#[derive(Clone)]
pub struct Siblings {
    pub names: Rc<IndexMap<Text, TaskId>>,
    /// Branches of a `fork` run side by side: none of them comes after another.
    pub is_side_by_side: bool,
}

/// A directive that names no task of its own list.
pub struct Unresolved<'a> {
    at: At<'a>,
    name: Text,
    siblings: Siblings,
}

impl<'a> Decoder<'a> {
    pub fn directive(&mut self, at: &At<'a>, siblings: &Siblings) -> Option<Then> {
        let name = self.constant(at, "`then`")?;
        match name {
            "continue" => return Some(Then::Continue),
            "exit" => return Some(Then::Exit),
            "end" => return Some(Then::End),
            _ => {}
        }
        let Some(id) = siblings.names.get(name) else {
            self.unresolved.push(Unresolved {
                at: at.clone(),
                name: name.into(),
                siblings: siblings.clone(),
            });
            return Some(Then::Continue);
        };
        if siblings.is_side_by_side {
            let message = format!(
                "`{}` is another branch, and branches run side by side",
                shorten(name)
            );
            self.error(
                code::TASK_OUT_OF_REACH,
                at,
                message,
                "put tasks that follow each other into a `do`".to_owned(),
            );
            return None;
        }
        Some(Then::Task(*id))
    }

    /// Reports directives that lead nowhere, now that every task's name is known.
    pub fn settle_directives(&mut self) {
        for Unresolved { at, name, siblings } in std::mem::take(&mut self.unresolved) {
            if self.is_full() {
                return;
            }
            let candidates = siblings
                .names
                .keys()
                .map(|name| &**name)
                .chain(["continue", "exit", "end"]);
            if let Some(list) = self.names.get(&name) {
                let message = format!("`{}` is a task of another list, `{list}`", shorten(&name));
                let help = "`then` leads to tasks of the same list; leave this one with `exit` and go on from its parent".to_owned();
                self.error(code::TASK_OUT_OF_REACH, &at, message, help);
            } else {
                let help = suggest::help(&name, candidates);
                self.error(
                    code::UNKNOWN_TASK,
                    &at,
                    format!("there is no task `{}` in this list", shorten(&name)),
                    help,
                );
            }
        }
    }

    /// Reports functions that are nothing but calls of each other in a circle: such a call would never end.
    pub fn check_function_cycles(&mut self, functions: &At<'a>) {
        let mut visits: IndexMap<TaskId, usize> = IndexMap::new();
        for (visit, (name, place)) in functions.entries().enumerate() {
            let mut id = self.uses.functions.get(name).copied();
            while let Some(at) = id {
                match visits.insert(at, visit) {
                    Some(earlier) if earlier == visit => {
                        let message =
                            format!("function `{}` calls itself without end", shorten(name));
                        let help =
                            "give one of the calls an `if`, or call something else".to_owned();
                        self.key_error(code::FUNCTION_CYCLE, &place, message, help);
                        break;
                    }
                    Some(_) => break,
                    None => id = self.only_calls(at),
                }
            }
        }
    }

    /// The function that a function does nothing but call.
    fn only_calls(&self, id: TaskId) -> Option<TaskId> {
        let task = self.tasks[id.0 as usize].as_ref()?;
        match &task.kind {
            TaskKind::Call(call) if task.if_.is_none() => call.defined,
            _ => None,
        }
    }

    /// Warns about tasks of a list that no way leads to.
    pub fn warn_unreachable(&mut self, list: &[(TaskId, At<'a>)]) {
        let position: IndexMap<TaskId, usize> = list
            .iter()
            .enumerate()
            .map(|(index, (id, _))| (*id, index))
            .collect();
        let mut reached = vec![false; list.len()];
        let mut open = vec![0];
        while let Some(index) = open.pop() {
            if index >= list.len() || std::mem::replace(&mut reached[index], true) {
                continue;
            }
            // A task that could not be read may lead anywhere.
            let Some(task) = self.tasks[list[index].0.0 as usize].as_ref() else {
                return;
            };
            for way in ways(task) {
                match way {
                    Then::Continue => open.push(index + 1),
                    Then::Task(id) => open.extend(position.get(&id)),
                    Then::Exit | Then::End => {}
                }
            }
        }
        for (_, (id, at)) in reached.iter().zip(list).filter(|(reached, _)| !**reached) {
            let name = self.tasks[id.0 as usize]
                .as_ref()
                .map_or_else(|| "".into(), |task| task.name.clone());
            let help = "lead to it with `then`, or remove it".to_owned();
            self.warning(
                code::UNREACHABLE_TASK,
                at,
                format!("nothing leads to task `{}`", shorten(&name)),
                help,
            );
        }
    }
}

/// Where a task may lead.
fn ways(task: &Task) -> Vec<Then> {
    let mut ways = Vec::new();
    match &task.kind {
        TaskKind::Raise(_) => {}
        TaskKind::Switch(cases) => {
            ways.extend(cases.iter().map(|case| case.then));
            if cases.iter().all(|case| case.when.is_some()) {
                ways.push(task.then);
            }
        }
        _ => ways.push(task.then),
    }
    if task.if_.is_some() {
        ways.push(task.then);
        ways.push(Then::Continue);
    }
    ways
}
