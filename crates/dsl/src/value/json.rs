//! JSON text to values and back.

use super::Value;

/// What parsing accepts; beyond it the text is refused, never cut.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub depth_max: usize,
    pub bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth_max: 128, bytes_max: 64 << 20 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub struct JsonError {
    pub message: String,
    pub offset: usize,
}

pub(super) fn parse(text: &[u8], limits: Limits) -> Result<Value, JsonError> {
    if text.len() > limits.bytes_max {
        return Err(JsonError { message: format!("more than {} bytes", limits.bytes_max), offset: limits.bytes_max });
    }
    serde_json::from_slice::<Value>(text).map_err(|error| JsonError { message: error.to_string(), offset: error.column() })
}

pub(super) fn write(value: &Value, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("writing to memory does not fail");
}
