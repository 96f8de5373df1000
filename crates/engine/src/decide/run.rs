//! `run`: shell, script and container are effects; a workflow is a run of its own.

use dsl::definition::task::{Process, Returns, Run};
use dsl::value::{Map, Value};
use dsl::workflow_error::WorkflowError;

use super::{Machine, Work};
use crate::effect::{Effect, Request, SubRun};
use crate::event::HistoryEvent;

impl Machine<'_> {
    pub(super) fn run_process(&mut self, id: u64, run: &Run) -> Result<(), WorkflowError> {
        let (function, template) = match &run.process {
            Process::Workflow {
                namespace,
                name,
                version,
                input,
            } => {
                let input = self.template(id, input)?;
                let run = SubRun {
                    namespace: namespace.clone(),
                    name: name.clone(),
                    version: version.clone(),
                    input,
                    is_awaited: run.is_awaited,
                };
                self.start_sub_run(id, run);
                return Ok(());
            }
            Process::Shell(template) => ("shell", template),
            Process::Script(template) => ("script", template),
            Process::Container(template) => ("container", template),
        };
        let arguments = self.template(id, template)?;
        let mut with = arguments
            .as_object()
            .map_or_else(Map::new, |object| (**object).clone());
        with.insert("return".into(), Value::from(returns(run.returns)));
        with.insert("await".into(), Value::Bool(run.is_awaited));
        self.request(
            id,
            Request {
                function: function.into(),
                with: Value::Object(with.into()),
            },
        );
        Ok(())
    }

    fn start_sub_run(&mut self, id: u64, run: SubRun) {
        let effect = self.next_number();
        self.record(HistoryEvent::SubRunRequested {
            id,
            effect,
            run: run.clone(),
        });
        let is_awaited = run.is_awaited;
        self.effects.push(Effect::StartRun { effect, run });
        if !is_awaited {
            let output = self.input_of(id).clone();
            self.work.push_back(Work::Complete {
                id,
                output,
                go: None,
            });
        }
    }
}

fn returns(returns: Returns) -> &'static str {
    match returns {
        Returns::Stdout => "stdout",
        Returns::Stderr => "stderr",
        Returns::Code => "code",
        Returns::All => "all",
        Returns::None => "none",
    }
}
