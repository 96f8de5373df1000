use std::io::Write;
use std::sync::{Arc, Mutex};

use super::Human;
use crate::terminal::Paint;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("one writer").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn check(log: impl FnOnce(), expected: &str) {
    let sink = Sink::default();
    let writer = sink.clone();
    let human = Human {
        paint: Paint::Bare,
        has_time: false,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .event_format(human)
        .finish();
    tracing::subscriber::with_default(subscriber, log);
    let bytes = sink.0.lock().expect("one writer").clone();
    assert_eq!(String::from_utf8(bytes).expect("UTF-8"), expected);
}

#[test]
fn one_event_is_one_line() {
    check(
        || tracing::info!(runs = 3, "took up runs"),
        "info  took up runs runs=3\n",
    );
    let name = "x\nerror forged \u{1b}[2J";
    check(
        || tracing::warn!(name, other = %name, "from {name}"),
        "warn  from x\\u{a}error forged \\u{1b}[2J name=\"x\\\\u{a}error forged \\\\u{1b}[2J\" other=\"x\\\\u{a}error forged \\\\u{1b}[2J\"\n",
    );
}
