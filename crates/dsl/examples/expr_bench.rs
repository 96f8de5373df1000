//! What compiling and evaluating costs: `cargo run --release -p dsl --example expr_bench`.

use std::time::{Duration, Instant};

use dsl::Value;
use dsl::definition::Schema;
use dsl::expr::{EvalLimits, Expression, Variables};

struct Fixed(Value);

impl Variables for Fixed {
    fn get(&self, _name: &str) -> Option<Value> {
        Some(self.0.clone())
    }
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn measure(what: &str, mut step: impl FnMut()) {
    step();
    let started = Instant::now();
    let mut count = 0_u32;
    while started.elapsed() < Duration::from_millis(300) {
        (0..20).for_each(|_| step());
        count += 20;
    }
    println!(
        "{:>12.1} ns  {what}",
        started.elapsed().as_nanos() as f64 / f64::from(count)
    );
}

fn main() {
    let scope = ["context", "input", "task", "workflow"];
    let text = r#"{"a":{"b":41},"list":[1,2,3,4,5,6,7,8,9,10],"name":"Ada"}"#;
    let input = Value::parse_json(text.as_bytes()).expect("the input is JSON");
    let variables = Fixed(input.clone());
    let now = jiff::Timestamp::UNIX_EPOCH;
    let sources = [
        ".a.b + 1",
        ".",
        "$context.a.b",
        ".list | map(. + 1) | add",
        "{id: .a.b, name: .name, total: (.list | add)}",
        "\"Hello \\(.name), \\(.a.b)\"",
        "[.list[] | select(. > 5)]",
        "[range(1000) | {id: ., even: (. % 2 == 0)} | select(.even)] | length",
        ".name | test(\"^A.a$\")",
        "def f: if . > 1000 then . else . + 1 | f end; 0 | f",
    ];
    for source in sources {
        let expression = Expression::compile(source, &scope).expect("the sources are jq");
        measure(&format!("evaluate {source}"), || {
            let result = expression.evaluate(&input, &variables, now, EvalLimits::default());
            std::hint::black_box(result.expect("the sources evaluate"));
        });
        measure(&format!("compile  {source}"), || {
            std::hint::black_box(Expression::compile(source, &scope).expect("the sources are jq"));
        });
    }
    let item = format!("[{}{text}]", format!("{text},").repeat(700));
    let large = Value::parse_json(item.as_bytes()).expect("a list of inputs");
    measure(&format!("parse {} bytes", item.len()), || {
        std::hint::black_box(Value::parse_json(item.as_bytes()).expect("a list of inputs"));
    });
    measure("the same by serde_json", || {
        std::hint::black_box(
            serde_json::from_str::<serde_json::Value>(&item).expect("a list of inputs"),
        );
    });
    let mut out = Vec::new();
    measure("write them", || {
        out.clear();
        large.write_json(&mut out);
        std::hint::black_box(&out);
    });
    let schema = r#"{"type": "array", "items": {"type": "object", "required": ["a", "list", "name"], "properties": {
        "a": {"type": "object", "properties": {"b": {"type": "integer"}}},
        "list": {"type": "array", "items": {"type": "integer"}}, "name": {"type": "string", "minLength": 1}}}}"#;
    let ours = Schema::compile(&Value::parse_json(schema.as_bytes()).expect("the schema is JSON"))
        .expect("the schema is one");
    let theirs = jsonschema::options()
        .build(&serde_json::from_str(schema).expect("the schema is JSON"))
        .expect("the schema is one");
    measure("check them by a schema", || {
        assert!(std::hint::black_box(ours.violations(&large)).is_empty());
    });
    measure("the same, copied to serde_json first", || {
        assert!(theirs.is_valid(&serde_json::Value::from(&large)));
    });
}
