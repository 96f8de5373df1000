//! What the worst expressions take of time and memory, and whether honest work passes, each in a process of its own:
//! `cargo run --release -p dsl --example bombs`.

#[allow(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../src/expr/tests/bombs/corpus.rs"]
mod corpus;
#[path = "../tests/bombs/measured.rs"]
mod measured;

use std::process::Command;

use dsl::expr::EvalLimits;

/// Figures as one process hands them to the other: milliseconds of wall and of processor, MiB, how it ended.
type Row = (f64, f64, f64, String);

fn sources() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    let bombs = corpus::BOMBS.iter().map(|(source, _)| (*source, None));
    let honest = corpus::HONEST
        .iter()
        .map(|(source, expected)| (*source, Some(*expected)));
    bombs.chain(honest)
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn main() {
    if let Some(index) = std::env::args().nth(1) {
        let index: usize = index.parse().expect("a row is a number");
        let (source, expected) = sources().nth(index).expect("the row exists");
        let mut limits = EvalLimits::default();
        if expected.is_some() {
            // Others may use the machine too: what honest work takes is judged by its time on the processor.
            limits.wall *= 100;
        }
        let figures = measured::Bench::new().measure(source, limits);
        let megabytes = figures.growth_bytes.unwrap_or(0) as f64 / f64::from(1 << 20);
        let ended: String = match &figures.ended {
            Ok(json) => json.chars().take(30).collect(),
            Err(title) => title.clone(),
        };
        let milliseconds = |time: std::time::Duration| time.as_secs_f64() * 1e3;
        let (wall, busy) = (figures.wall, figures.busy.unwrap_or_default());
        println!(
            "{} {} {megabytes} {ended}",
            milliseconds(wall),
            milliseconds(busy)
        );
        return;
    }
    println!("   wall ms  busy ms  MiB more  ended                             expression");
    let (mut most_of_bombs, mut most_of_honest) = ([0.0_f64; 3], [0.0_f64; 3]);
    for (index, (source, expected)) in sources().enumerate() {
        let (wall, busy, megabytes, mut ended) = row(index);
        let most = match expected {
            None => &mut most_of_bombs,
            Some(_) => &mut most_of_honest,
        };
        for (most, figure) in most.iter_mut().zip([wall, busy, megabytes]) {
            *most = most.max(figure);
        }
        let is_late = busy > EvalLimits::default().wall.as_secs_f64() * 1e3;
        if expected.is_some_and(|expected| expected != ended || is_late) {
            ended = format!("REFUSED: {ended}");
        }
        println!("{wall:>10.1} {busy:>8.1} {megabytes:>9.1}  {ended:<32}  {source}");
    }
    for (what, [wall, busy, megabytes]) in [
        ("the most of all bombs", most_of_bombs),
        ("the most of honest work", most_of_honest),
    ] {
        println!("{wall:>10.1} {busy:>8.1} {megabytes:>9.1}  {what}");
    }
}

fn row(index: usize) -> Row {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program)
        .arg(index.to_string())
        .output()
        .expect("it starts again");
    let text = String::from_utf8(output.stdout).expect("figures are text");
    let mut parts = text.trim_end().splitn(4, ' ');
    let mut number = || {
        let figure = parts.next().and_then(|part| part.parse().ok());
        figure.unwrap_or_else(|| panic!("row {index} ended the process: {}", output.status))
    };
    let (wall, busy, megabytes) = (number(), number(), number());
    (wall, busy, megabytes, parts.next().unwrap_or("").to_owned())
}
