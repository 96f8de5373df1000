//! Tasks around other tasks: `for`, `fork`, and `try` with its `catch`.

use super::decoder::{At, Decoder, shorten};
use super::document::all_or_none;
use super::shapes;
use crate::definition::TaskId;
use crate::definition::task::{Catch, For, Fork, Try};
use crate::expr::Template;
use crate::problem::code;
use crate::suggest;
use crate::value::Text;

impl<'a> Decoder<'a> {
    pub fn for_(&mut self, task: &At<'a>, at: &At<'a>, id: TaskId) -> Option<For> {
        self.mapping(at, "`for`", &["each", "in", "at"])?;
        let each = self.variable(at.get("each").as_ref(), "`each`", "item");
        let index = self.variable(at.get("at").as_ref(), "`at`", "index");
        let in_ = self
            .required(at, "`for`", "in")
            .and_then(|at| self.expression(&at, "`in`"));
        let (each, index) = self.distinct(at, each?, index?)?;
        self.with_variables(&[each.clone(), index.clone()], |decoder| {
            let while_ = decoder.optional_expression(task, "while");
            let tasks = decoder
                .required(task, "a `for` task", "do")
                .and_then(|at| decoder.task_list(&at, "`do`", Some(id)));
            Some(For {
                each,
                at: index,
                in_: in_?,
                while_: while_?,
                tasks: tasks?,
            })
        })
    }

    /// Two variables of the same loop must not have one name.
    pub fn distinct(&mut self, at: &At<'a>, item: Text, index: Text) -> Option<(Text, Text)> {
        if item != index {
            return Some((item, index));
        }
        let message = format!("`{item}` names both the item and its position");
        self.error(
            code::VARIABLE,
            at,
            message,
            "set `at` to another name".to_owned(),
        );
        None
    }

    pub fn fork(&mut self, at: &At<'a>, id: TaskId) -> Option<Fork> {
        self.mapping(at, "`fork`", &["branches", "compete"])?;
        let is_competing = all_or_none(at.get("compete").map(|at| self.boolean(&at, "`compete`")));
        let branches = self
            .required(at, "`fork`", "branches")
            .and_then(|at| self.tasks_of(&at, "`branches`", Some(id), true));
        Some(Fork {
            branches: branches?,
            is_competing: is_competing?.unwrap_or_default(),
        })
    }

    pub fn try_(&mut self, task: &At<'a>, at: &At<'a>, id: TaskId) -> Option<Try> {
        let tasks = self.task_list(at, "`try`", Some(id));
        let catch = self
            .required(task, "a `try` task", "catch")
            .and_then(|at| self.catch(&at, id));
        Some(Try {
            tasks: tasks?,
            catch: catch?,
        })
    }

    fn catch(&mut self, at: &At<'a>, id: TaskId) -> Option<Catch> {
        self.any_mapping(at, "`catch`")?;
        const KEYS: [&str; 6] = ["errors", "as", "when", "exceptWhen", "retry", "do"];
        for (key, entry) in at.entries().filter(|(key, _)| !KEYS.contains(&&***key)) {
            let help = match &**key {
                "if" => Some("the condition of a `catch` is `when`".to_owned()),
                "with" => Some("write it under `errors`: `errors: {with: ...}`".to_owned()),
                _ => suggest::help(key, KEYS),
            };
            self.key_error(
                code::UNKNOWN_KEY,
                &entry,
                format!("`catch` has no key `{}`", shorten(key)),
                help,
            );
        }
        let errors = at
            .get("errors")
            .map_or(Some(Vec::new()), |at| self.error_filter(&at));
        let name = self.variable(at.get("as").as_ref(), "`as`", "error")?;
        self.with_variables(std::slice::from_ref(&name), |decoder| {
            let when = decoder.optional_expression(at, "when");
            let except_when = decoder.optional_expression(at, "exceptWhen");
            let retry = all_or_none(at.get("retry").map(|at| decoder.retry(&at)));
            let tasks = all_or_none(
                at.get("do")
                    .map(|at| decoder.task_list(&at, "`do`", Some(id))),
            );
            Some(Catch {
                errors: errors?,
                as_: name.clone(),
                when: when?,
                except_when: except_when?,
                retry: retry?,
                tasks: tasks?,
            })
        })
    }

    fn error_filter(&mut self, at: &At<'a>) -> Option<Vec<(Text, Template)>> {
        self.mapping(at, "`errors`", &["with"])?;
        let Some(with) = at.get("with") else {
            return Some(Vec::new());
        };
        self.object(&shapes::ERROR_FILTER, &with, "`with`")?;
        if with.node.entries().is_some_and(<[_]>::is_empty) {
            self.error(
                code::EMPTY,
                &with,
                "`with` is empty",
                "leave `errors` out to catch every error".to_owned(),
            );
            return None;
        }
        let attributes: Vec<_> = with
            .entries()
            .map(|(name, at)| Some((name.clone(), self.template(&at, &at.node.value)?)))
            .collect();
        attributes.into_iter().collect()
    }
}
