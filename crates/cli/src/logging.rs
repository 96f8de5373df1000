//! The log, on standard error: lines for people, or JSON for machines.
//!
//! Whatever comes from outside is escaped, so that one line of the log is one event, and no event steers a terminal.

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::IsTerminal as _;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::registry::LookupSpan;

use crate::config::LogFormat;
use crate::terminal::{Ink, Paint, Terminal, plain};

/// Starts the log. `level` was checked with the settings; a second start changes nothing.
pub fn start(terminal: &Terminal, format: LogFormat, level: &str) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // An error means that there is a log already, which serves as well.
    let _ = match format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Human => {
            let human = Human {
                paint: terminal.note_paint(),
                has_time: !std::io::stderr().is_terminal(),
            };
            builder.event_format(human).try_init()
        }
    };
}

pub fn is_on() -> bool {
    tracing::dispatcher::has_been_set()
}

/// `info  took up unfinished runs runs=3`
struct Human {
    paint: Paint,
    /// A terminal's reader sees things happen; a file's reader wants to know when they did.
    has_time: bool,
}

impl<S, N> FormatEvent<S, N> for Human
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if self.has_time {
            SystemTime.format_time(&mut writer)?;
            writer.write_char(' ')?;
        }
        let level = match *event.metadata().level() {
            Level::ERROR => self.paint.on(Ink::Red, "error"),
            Level::WARN => self.paint.on(Ink::Yellow, "warn "),
            Level::INFO => self.paint.on(Ink::Green, "info "),
            _ => self.paint.on(Ink::Dim, "debug"),
        };
        let mut line = Line::default();
        event.record(&mut line);
        writeln!(writer, "{level} {}{}", line.message, line.fields)
    }
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Line {
    fn add(&mut self, field: &Field, text: &str) {
        let text = plain(text);
        if field.name() == "message" {
            self.message.push_str(&text);
        } else if text.contains([' ', '"']) {
            self.fields.push_str(&format!(" {}={text:?}", field.name()));
        } else {
            self.fields.push_str(&format!(" {}={text}", field.name()));
        }
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, &format!("{value:?}"));
    }
}
