//! Tasks: lists of them, what all kinds share, and the kinds that have no file of their own.

use std::rc::Rc;

use indexmap::IndexMap;

use super::decoder::{At, Decoder, shorten};
use super::document::all_or_none;
use super::flow::Siblings;
use super::shapes;
use crate::definition::task::{Emit, Listen, Raise, Read, Task, TaskKind, Then};
use crate::definition::{TaskId, TaskList};
use crate::expr::Template;
use crate::problem::code;
use crate::suggest;
use crate::value::Text;

/// The keyword of each kind, and the keys that belong to it.
const KINDS: [(&str, &[&str]); 12] = [
    ("call", &["call", "with"]),
    ("do", &["do"]),
    ("emit", &["emit"]),
    ("for", &["for", "while", "do"]),
    ("fork", &["fork"]),
    ("listen", &["listen", "foreach"]),
    ("raise", &["raise"]),
    ("run", &["run"]),
    ("set", &["set"]),
    ("switch", &["switch"]),
    ("try", &["try", "catch"]),
    ("wait", &["wait"]),
];

/// Keys of every kind.
const SHARED: [&str; 7] = [
    "if", "input", "output", "export", "timeout", "then", "metadata",
];

/// Words that `then` already has a meaning for.
const RESERVED: [&str; 3] = ["continue", "exit", "end"];

/// Where a task stands.
struct Place {
    id: TaskId,
    name: Text,
    next: Option<TaskId>,
    parent: Option<TaskId>,
    siblings: Siblings,
}

impl<'a> Decoder<'a> {
    pub fn task_list(
        &mut self,
        at: &At<'a>,
        what: &str,
        parent: Option<TaskId>,
    ) -> Option<TaskList> {
        self.tasks_of(at, what, parent, false)
    }

    pub fn tasks_of(
        &mut self,
        at: &At<'a>,
        what: &str,
        parent: Option<TaskId>,
        is_side_by_side: bool,
    ) -> Option<TaskList> {
        self.list(at, what)?;
        let mut names = IndexMap::new();
        let mut list = Vec::new();
        let mut is_whole = true;
        for item in at.items() {
            let Some((name, task)) = self.single_entry(&item, &format!("an entry of {what}"))
            else {
                is_whole = false;
                continue;
            };
            let id = self.reserve();
            self.task_name(&name, &task, names.contains_key(&name), at);
            names.entry(name.clone()).or_insert(id);
            list.push((id, name, task));
        }
        let siblings = Siblings {
            names: Rc::new(names),
            is_side_by_side,
        };
        for (index, (id, name, task)) in list.iter().enumerate() {
            let next = list
                .get(index + 1)
                .filter(|_| !is_side_by_side)
                .map(|(id, ..)| *id);
            self.task(
                Place {
                    id: *id,
                    name: name.clone(),
                    next,
                    parent,
                    siblings: siblings.clone(),
                },
                task,
            );
        }
        let places: Vec<_> = list.into_iter().map(|(id, _, task)| (id, task)).collect();
        if is_whole && !is_side_by_side {
            self.warn_unreachable(&places);
        }
        is_whole.then(|| TaskList {
            tasks: places.iter().map(|(id, _)| *id).collect(),
        })
    }

    fn task_name(&mut self, name: &Text, at: &At<'a>, is_taken: bool, list: &At<'a>) {
        if RESERVED.contains(&&**name) {
            let message = format!(
                "a task cannot be called `{name}`, which `then` understands as a directive"
            );
            self.key_error(code::TASK_NAME, at, message, None);
        } else if name.trim().is_empty() {
            self.key_error(code::TASK_NAME, at, "a task needs a name", None);
        } else if is_taken {
            let message = format!("this list already has a task `{}`", shorten(name));
            self.key_error(
                code::DUPLICATE_TASK,
                at,
                message,
                "`then` could not tell them apart; rename one".to_owned(),
            );
        }
        if !self.names.contains_key(name) {
            self.names.insert(name.clone(), list.pointer());
        }
    }

    /// The one entry of a mapping, as lists of tasks, cases and extensions have them.
    pub fn single_entry(&mut self, item: &At<'a>, what: &str) -> Option<(Text, At<'a>)> {
        if item.text().is_some() || item.node.value.is_null() {
            self.wrong_type(item, what, "a name with its content, `name: {...}`");
            return None;
        }
        self.any_mapping(item, what)?;
        let mut entries = item.entries();
        let Some((name, at)) = entries.next() else {
            self.error(code::EMPTY, item, format!("{what} is empty"), None);
            return None;
        };
        let Some((second, place)) = entries.next() else {
            return Some((name.clone(), at));
        };
        let message = format!(
            "{what} has one name only, found `{}` and `{}`",
            shorten(name),
            shorten(second)
        );
        let is_keyword = |key: &str| {
            KINDS.iter().any(|(keyword, _)| *keyword == key)
                || SHARED.contains(&key)
                || key == "when"
        };
        let help = if let ("name" | "id", Some(name)) = (&**name, at.text()) {
            format!(
                "the name of a task is its key: `- {}:` and below that, deeper, `{}:`",
                shorten(name),
                shorten(second)
            )
        } else if is_keyword(second) || is_keyword(name) {
            format!(
                "indent what belongs to it: `- {}:` and below that, deeper, `{}:`",
                shorten(name),
                shorten(second)
            )
        } else {
            format!(
                "start the second with a dash of its own: `- {}:`",
                shorten(second)
            )
        };
        self.key_error(code::EXACTLY_ONE, &place, message, help);
        None
    }

    /// A task of `use.functions`.
    pub fn function(&mut self, name: &Text, id: TaskId, at: &At<'a>) {
        let siblings = Siblings {
            names: Rc::default(),
            is_side_by_side: false,
        };
        self.task(
            Place {
                id,
                name: name.clone(),
                next: None,
                parent: None,
                siblings,
            },
            at,
        );
    }

    fn task(&mut self, place: Place, at: &At<'a>) {
        let reference = at.pointer();
        if self.may_copy(at, reference.len())
            && let Some(task) = self.read_task(place, at, reference)
        {
            self.put(task);
        }
    }

    fn read_task(&mut self, place: Place, at: &At<'a>, reference: String) -> Option<Task> {
        let keyword = self.keyword(at, &place.name)?;
        let outer = self.parent.replace(place.id);
        let if_ = self.optional_expression(at, "if");
        let input = self.input(at);
        let output = self.output(at);
        let export = self.export(at);
        let timeout = all_or_none(at.get("timeout").map(|at| self.timeout(&at)));
        let then = at.get("then").map_or(Some(Then::Continue), |at| {
            self.directive(&at, &place.siblings)
        });
        let metadata = self.optional_mapping(at, "metadata");
        let kind = self.kind(keyword, at, &place);
        self.parent = outer;
        Some(Task {
            id: place.id,
            name: place.name,
            reference: reference.into(),
            next: place.next,
            parent: place.parent,
            if_: if_?,
            input: input?,
            output: output?,
            export: export?,
            timeout: timeout?,
            then: then?,
            kind: kind?,
            metadata: metadata?,
            source: at.node.value.clone(),
            span: at.key_span,
        })
    }

    /// Which of the twelve kinds it is; also reports keys that do not belong to it.
    fn keyword(&mut self, at: &At<'a>, name: &str) -> Option<&'static str> {
        let what = format!("task `{}`", shorten(name));
        let is_kind = KINDS.iter().any(|(keyword, _)| *keyword == name);
        if !at.is_mapping() {
            self.wrong_type(at, &what, "a mapping");
            if is_kind {
                self.key_error(
                    code::TASK_KIND,
                    at,
                    "a task needs a name before its keyword",
                    format!("`- someName: {{{name}: ...}}`"),
                );
            }
            return None;
        }
        let mut found: Vec<_> = KINDS
            .iter()
            .filter(|(keyword, _)| at.get(keyword).is_some())
            .collect();
        // `do` is the body of a `for`.
        if found.iter().any(|(keyword, _)| *keyword == "for") {
            found.retain(|(keyword, _)| *keyword != "do");
        }
        match found[..] {
            [(keyword, own)] => {
                self.task_keys(at, keyword, own);
                Some(keyword)
            }
            [] => {
                let keywords = KINDS.map(|(keyword, _)| keyword);
                let help = at
                    .entries()
                    .filter(|(key, _)| !SHARED.contains(&&***key))
                    .find_map(|(key, _)| suggest::nearest(key, keywords))
                    .map_or_else(
                        || format!("one of {}", suggest::list(&keywords)),
                        |keyword| format!("did you mean `{keyword}`?"),
                    );
                self.key_error(
                    code::TASK_KIND,
                    at,
                    format!("{what} says nothing to do"),
                    help,
                );
                None
            }
            [(first, _), (second, _), ..] => {
                let second_at = at.get(second)?;
                let message =
                    format!("{what} is both `{first}` and `{second}`, a task is of one kind");
                self.key_error(
                    code::TASK_KIND,
                    &second_at,
                    message,
                    "make two tasks of it".to_owned(),
                );
                None
            }
        }
    }

    fn task_keys(&mut self, at: &At<'a>, keyword: &str, own: &[&str]) {
        for (key, entry) in at
            .entries()
            .filter(|(key, _)| !own.contains(&&***key) && !SHARED.contains(&&***key))
        {
            let help = match &**key {
                "when" | "condition" => Some("the condition of a task is `if`".to_owned()),
                "retry" => Some("`retry` stands under the `catch` of a `try` task".to_owned()),
                "catch" => Some("`catch` belongs to a `try` task".to_owned()),
                "with" if keyword == "emit" => {
                    Some("write it under `event`: `emit: {event: {with: ...}}`".to_owned())
                }
                "next" | "goto" | "transition" => Some("where to go is `then`".to_owned()),
                _ => suggest::help(key, own.iter().chain(&SHARED).copied()),
            };
            self.key_error(
                code::UNKNOWN_KEY,
                &entry,
                format!("a `{keyword}` task has no key `{}`", shorten(key)),
                help,
            );
        }
    }

    fn kind(&mut self, keyword: &str, task: &At<'a>, place: &Place) -> Option<TaskKind> {
        let at = task.get(keyword)?;
        let id = Some(place.id);
        Some(match keyword {
            "call" => TaskKind::Call(self.call(task, &at)?),
            "do" => TaskKind::Do(self.task_list(&at, "`do`", id)?),
            "emit" => TaskKind::Emit(self.emit(&at)?),
            "for" => TaskKind::For(self.for_(task, &at, place.id)?),
            "fork" => TaskKind::Fork(self.fork(&at, place.id)?),
            "listen" => TaskKind::Listen(self.listen(task, &at)?),
            "raise" => TaskKind::Raise(self.raise(&at)?),
            "run" => TaskKind::Run(self.run(&at)?),
            "set" => TaskKind::Set(self.set(&at)?),
            "switch" => TaskKind::Switch(self.cases(&at, &place.siblings)?),
            "try" => TaskKind::Try(self.try_(task, &at, place.id)?),
            _ => TaskKind::Wait(self.duration(&at, "`wait`")?),
        })
    }

    fn emit(&mut self, at: &At<'a>) -> Option<Emit> {
        self.mapping(at, "`emit`", &["event"])?;
        let event = self.required(at, "`emit`", "event")?;
        self.mapping(&event, "`event`", &["with"])?;
        let with = self.required(&event, "`event`", "with")?;
        let value = self.object(&shapes::EVENT, &with, "`with`");
        let source = self
            .required(&with, "an event to emit", "source")
            .map(|_| ());
        let kind = self.required(&with, "an event to emit", "type").map(|_| ());
        let event = self.template(&with, &value?)?;
        source.and(kind).map(|()| Emit { event })
    }

    fn listen(&mut self, task: &At<'a>, at: &At<'a>) -> Option<Listen> {
        self.mapping(at, "`listen`", &["to", "read"])?;
        let to = self
            .required(at, "`listen`", "to")
            .and_then(|at| self.consumption(&at, "`to`"));
        let read = at.get("read").map_or(Some(Read::Data), |at| {
            Some(
                match self.one_of(&at, "`read`", &["data", "envelope", "raw"])? {
                    "envelope" => Read::Envelope,
                    "raw" => Read::Raw,
                    _ => Read::Data,
                },
            )
        });
        let foreach = all_or_none(task.get("foreach").map(|at| self.foreach(&at)));
        Some(Listen {
            to: to?,
            read: read?,
            foreach: foreach?,
        })
    }

    fn raise(&mut self, at: &At<'a>) -> Option<Raise> {
        self.mapping(at, "`raise`", &["error"])?;
        let error = self.required(at, "`raise`", "error")?;
        let place = match error.text() {
            Some(name) => {
                self.no_expression(&error, "`error`")?;
                self.reference(&error, name, "errors")?
            }
            None => error,
        };
        let value = self.object(&shapes::ERROR, &place, "`error`")?;
        Some(Raise {
            error: self.template(&place, &value)?,
        })
    }

    fn set(&mut self, at: &At<'a>) -> Option<Template> {
        if at.text().is_some() {
            return self.expression(at, "`set`").map(Template::Expression);
        }
        self.any_mapping(at, "`set`")?;
        if at.node.entries().is_some_and(<[_]>::is_empty) {
            self.error(
                code::EMPTY,
                at,
                "`set` is empty",
                "name at least one value, or give an expression".to_owned(),
            );
            return None;
        }
        self.template(at, &at.node.value)
    }
}
