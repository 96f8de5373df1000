//! `wait`: a timer; and when a duration ends.

use dsl::definition::DurationSpec;
use dsl::value::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};

use super::Machine;
use crate::evaluate::Place;
use crate::state::TimerPurpose;

impl Machine<'_> {
    pub(super) fn wait(&mut self, id: u64, duration: &DurationSpec) -> Result<(), WorkflowError> {
        let due = self.due(Some(id), duration, self.input_of(id))?;
        self.set_timer(Some(id), TimerPurpose::Wait, due);
        Ok(())
    }
}

pub(super) fn span_of(
    place: &Place<'_>,
    duration: &DurationSpec,
    input: &Value,
) -> Result<jiff::Span, WorkflowError> {
    match duration {
        DurationSpec::Fixed(span) => Ok(*span),
        DurationSpec::Expression(template) => {
            let value = place.template(template, input)?;
            value
                .as_str()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| {
                    WorkflowError::new(
                        ErrorKind::Expression,
                        "Not a duration",
                        format!("expected an ISO 8601 duration such as `PT5S`, found `{value}`"),
                    )
                })
        }
    }
}

/// `from` plus `span` on the UTC calendar; an end beyond what can be told is the last instant there is.
pub(super) fn add(from: jiff::Timestamp, span: &jiff::Span) -> jiff::Timestamp {
    from.to_zoned(jiff::tz::TimeZone::UTC)
        .checked_add(*span)
        .map_or(jiff::Timestamp::MAX, |zoned| zoned.timestamp())
}
