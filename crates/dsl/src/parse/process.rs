//! `run`: containers, scripts, shell commands and other workflows.

use super::decoder::{At, Decoder};
use super::document::all_or_none;
use super::shapes;
use crate::definition::task::{Process, Returns, Run};
use crate::problem::code;
use crate::value::Value;

impl<'a> Decoder<'a> {
    pub fn run(&mut self, at: &At<'a>) -> Option<Run> {
        self.mapping(
            at,
            "`run`",
            &[
                "container",
                "script",
                "shell",
                "workflow",
                "await",
                "return",
            ],
        )?;
        let is_awaited = all_or_none(at.get("await").map(|at| self.boolean(&at, "`await`")));
        let returns = all_or_none(at.get("return").map(|at| self.returns(&at)));
        let (kind, place) =
            self.exactly_one(at, "`run`", &["container", "script", "shell", "workflow"])?;
        let process = match kind {
            "container" => {
                let value = self.object(&shapes::CONTAINER, &place, "`container`");
                self.lifetime(&place)?;
                Process::Container(self.template(&place, &value?)?)
            }
            "script" => {
                let value = self.object(&shapes::SCRIPT, &place, "`script`")?;
                Process::Script(self.template(&place, &value)?)
            }
            "shell" => {
                let value = self.object(&shapes::SHELL, &place, "`shell`")?;
                Process::Shell(self.template(&place, &value)?)
            }
            _ => self.subflow(&place)?,
        };
        Some(Run {
            process,
            is_awaited: is_awaited?.unwrap_or(true),
            returns: returns?.unwrap_or_default(),
        })
    }

    fn returns(&mut self, at: &At<'a>) -> Option<Returns> {
        Some(
            match self.one_of(at, "`return`", &["stdout", "stderr", "code", "all", "none"])? {
                "stderr" => Returns::Stderr,
                "code" => Returns::Code,
                "all" => Returns::All,
                "none" => Returns::None,
                _ => Returns::Stdout,
            },
        )
    }

    /// `after` belongs to `cleanup: eventually`, and to nothing else.
    fn lifetime(&mut self, container: &At<'a>) -> Option<()> {
        let Some(at) = container.get("lifetime") else {
            return Some(());
        };
        let is_eventual = at.get("cleanup").and_then(|at| at.text()) == Some("eventually");
        match at.get("after") {
            None if is_eventual => {
                self.key_error(
                    code::MISSING_KEY,
                    &at,
                    "`cleanup: eventually` needs `after`",
                    None,
                );
                None
            }
            Some(after) if !is_eventual => {
                self.key_error(
                    code::UNKNOWN_KEY,
                    &after,
                    "`after` belongs to `cleanup: eventually` only",
                    None,
                );
                None
            }
            _ => Some(()),
        }
    }

    fn subflow(&mut self, at: &At<'a>) -> Option<Process> {
        let value = self.object(&shapes::SUBFLOW, at, "`workflow`")?;
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(Into::into);
        let input = match at.get("input") {
            Some(input) => self.template(&input, &input.node.value)?,
            None => crate::expr::Template::Constant(Value::object::<&str>([])),
        };
        Some(Process::Workflow {
            namespace: text("namespace")?,
            name: text("name")?,
            version: text("version")?,
            input,
        })
    }
}
