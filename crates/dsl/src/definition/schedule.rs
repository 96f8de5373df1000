//! When a workflow starts by itself.

use super::{Consumption, DurationSpec};
use crate::value::Text;

#[derive(Clone, Debug, Default)]
pub struct Schedule {
    pub every: Option<DurationSpec>,
    /// A cron expression that croner accepts (checked when parsed).
    pub cron: Option<Text>,
    pub after: Option<DurationSpec>,
    pub on: Option<Consumption>,
}
