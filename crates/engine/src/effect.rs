//! What a decision asks of the outside. To be performed only after the decision is on disk.

use dsl::value::{Text, Value};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Perform a call and answer with `Answered { effect }`. The idempotency key is `<run>/<effect>`.
    Perform {
        effect: u64,
        request: Request,
    },
    /// Start another run; answer when it has ended if `is_awaited`.
    StartRun {
        effect: u64,
        run: SubRun,
    },
    /// Stop caring for an effect: its task was cancelled.
    Abandon {
        effect: u64,
    },
    SetTimer {
        timer: u64,
        due: jiff::Timestamp,
    },
    ClearTimer {
        timer: u64,
    },
    /// Deliver events of these types (empty: all) with `Event { listener }`.
    Listen {
        listener: u64,
        types: Vec<Text>,
    },
    Unlisten {
        listener: u64,
    },
    /// Publish a CloudEvent.
    Publish {
        event: Value,
    },
}

/// A call, complete: nothing in it is an expression any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub function: Text,
    pub with: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubRun {
    pub namespace: Text,
    pub name: Text,
    /// A version, or `latest`.
    pub version: Text,
    pub input: Value,
    pub is_awaited: bool,
}
