//! Committed effects, performed.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::runs::{Core, Hot, lock};
use connectors::function::EffectClass;
use connectors::{Call, CallError};
use dsl::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};
use engine::{Command, Outcome, Request};
use futures_util::FutureExt;

/// A call without a `timeout` of its task may take so long.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

impl Core {
    /// Begins a call; its outcome comes back as a command.
    pub fn perform(self: &Arc<Self>, hot: &mut Hot, effect: u64, request: Request) {
        let run = hot.id;
        let call = Call {
            namespace: hot.loaded.row.namespace.clone(),
            function: request.function,
            with: request.with,
            idempotency_key: format!("{run}/{effect}").into(),
            timeout: CALL_TIMEOUT,
        };
        let core = self.clone();
        let is_once = is_once(self.class_of(hot, effect, &call.function, &call.with));
        self.metrics.effects_running.add(1);
        let running = Running(self.clone());
        let work = async move {
            let performed = AssertUnwindSafe(core.connector.perform(&call))
                .catch_unwind()
                .await;
            let outcome = match performed {
                Ok(result) => core.outcome(is_once, result),
                Err(_) => Outcome::Error(WorkflowError::new(
                    ErrorKind::Runtime,
                    "Connector failed",
                    format!("`{}` broke; this is a bug in Segue", call.function),
                )),
            };
            drop(running);
            core.metrics.effects.add(1);
            core.deliver_again(run, Command::Answered { effect, outcome });
        };
        let task = self.handle.spawn(self.tasks.track_future(work));
        hot.calls.insert(effect, task.abort_handle());
    }

    fn outcome(&self, is_once: bool, result: Result<Value, CallError>) -> Outcome {
        match result {
            Ok(value) => Outcome::Value(value),
            Err(failed) if failed.may_have_happened && is_once => {
                self.metrics.effects_uncertain.add(1);
                Outcome::Uncertain {
                    reason: failed.error.to_string().into(),
                }
            }
            Err(failed) => Outcome::Error(failed.error),
        }
    }

    /// What a call may do outside: what its task says (`metadata.effect`), else what its function is known to do.
    pub fn class_of(&self, hot: &Hot, effect: u64, function: &str, with: &Value) -> EffectClass {
        let frame = hot
            .state
            .frame_of_effect(effect)
            .and_then(|id| hot.state.frames.get(&id));
        let said = frame.and_then(|frame| {
            hot.loaded
                .definition
                .task(frame.task)
                .metadata
                .get("effect")
                .and_then(Value::as_str)
        });
        match said {
            Some("none") => EffectClass::None,
            Some("read") => EffectClass::Read,
            Some("decide") => EffectClass::Decide,
            Some("write") => EffectClass::Write,
            Some("send") => EffectClass::Send,
            Some("pay") => EffectClass::Pay,
            _ => self
                .connector
                .effect_class(&hot.loaded.row.namespace, function, with),
        }
    }

    /// What to do about a call that was out when the last process ended.
    pub fn take_up(self: &Arc<Self>, hot: &Arc<Mutex<Hot>>, effect: u64, request: Request) {
        let mut hot = lock(hot);
        let run = hot.id;
        if is_once(self.class_of(&hot, effect, &request.function, &request.with)) {
            drop(hot);
            self.metrics.effects_uncertain.add(1);
            let reason =
                "Segue stopped while the call was out; it may or may not have happened".into();
            self.deliver_again(
                run,
                Command::Answered {
                    effect,
                    outcome: Outcome::Uncertain { reason },
                },
            );
        } else {
            self.perform(&mut hot, effect, request);
        }
    }
}

/// What cannot be taken back is never repeated without a person's word.
fn is_once(class: EffectClass) -> bool {
    class >= EffectClass::Send
}

/// Counts a call as running for as long as it lives, also when it is aborted.
struct Running(Arc<Core>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.metrics.effects_running.sub(1);
    }
}
