use super::*;

/// Where the first finding in `code` stands, and what it says before the colon; empty when there is none.
fn check_code(path: &str, code: &str, expected: &str) {
    let findings = check(&Tree::of(&[(path, code)]));
    let said = findings.first().map_or("", |finding| {
        finding.message.split(": ").next().unwrap_or("")
    });
    assert_eq!(said, expected, "{path}: {code}");
}

#[test]
fn configuration_is_read_in_cli_only() {
    check_code(
        "crates/runtime/src/x.rs",
        "std::env::var(NAME)",
        "`std::env`",
    );
    check_code(
        "crates/runtime/src/x.rs",
        "use std::{env, io};",
        "`std::env`",
    );
    check_code("crates/cli/src/config.rs", "std::env::var(NAME)", "");
    check_code("crates/cli/tests/it/main.rs", "std::env::var(NAME)", "");
}

#[test]
fn the_language_and_the_engine_have_no_clock() {
    check_code("crates/engine/src/x.rs", "Instant::now()", "`Instant::now`");
    check_code(
        "crates/dsl/src/x.rs",
        "jiff::Timestamp::now()",
        "`Timestamp::now`",
    );
    check_code(
        "crates/dsl/src/x.rs",
        "SystemTime::now()",
        "`SystemTime::now`",
    );
    check_code("crates/runtime/src/x.rs", "Instant::now()", "");
}

#[test]
fn the_language_and_the_engine_have_no_entropy() {
    check_code("crates/engine/src/x.rs", "Uuid::now_v7()", "`now_v7`");
    check_code("crates/runtime/src/x.rs", "Uuid::now_v7()", "");
}

#[test]
fn the_language_and_the_engine_do_no_input_or_output() {
    check_code("crates/engine/src/x.rs", "use tokio::time;", "`tokio`");
    check_code("crates/engine/src/x.rs", "async fn a() {}", "`async`");
    check_code("crates/dsl/src/x.rs", "use std::{fs, fmt};", "`std::fs`");
    check_code("crates/dsl/src/x.rs", "std::net::IpAddr", "`std::net`");
    check_code("crates/dsl/src/x/tests.rs", "std::fs::read(path)", "");
    check_code("crates/dsl/src/x.rs", "// std::fs is not for us", "");
}

#[test]
fn background_work_starts_in_the_runtime() {
    check_code("crates/api/src/x.rs", "tokio::spawn(f)", "`tokio::spawn`");
    check_code("crates/runtime/src/x.rs", "tokio::spawn(f)", "");
}

#[test]
fn queues_have_limits_even_in_tests() {
    check_code(
        "crates/runtime/tests/it/x.rs",
        "unbounded_channel()",
        "`unbounded_channel`",
    );
    check_code("xtask/src/x.rs", "mpsc::channel()", "`mpsc::channel()`");
    check_code("crates/runtime/src/x.rs", "mpsc::channel(64)", "");
}

#[test]
fn there_is_one_way_out() {
    check_code(
        "crates/connectors/src/http.rs",
        "reqwest::Client::new()",
        "`reqwest::Client`",
    );
    check_code(
        "crates/runtime/src/x.rs",
        "TcpStream::connect(a)",
        "`TcpStream::connect`",
    );
    check_code(
        "crates/connectors/src/egress.rs",
        "reqwest::Client::builder()",
        "",
    );
}

#[test]
fn never_anywhere() {
    check_code("sim/src/x.rs", "unsafe { f() }", "`unsafe`");
    check_code("crates/store/src/sqlite.rs", "unsafe { f() }", "`unsafe`");
    check_code(
        "crates/store/src/sqlite/faulty_vfs.rs",
        "unsafe { f() }",
        "",
    );
    check_code("sim/tests/x.rs", "#[ignore]", "`#[ignore`");
    check_code(
        "crates/api/src/x.rs",
        "std::process::exit(1)",
        "`process::exit`",
    );
    check_code("crates/cli/src/main.rs", "#![deny(unsafe_code)]", "");
}

#[test]
fn tests_do_not_sleep() {
    check_code(
        "crates/store/src/x/tests.rs",
        "std::thread::sleep(d)",
        "`thread::sleep`",
    );
    check_code(
        "crates/api/tests/it/x.rs",
        "tokio::time::sleep(d).await",
        "`time::sleep`",
    );
    check_code("crates/runtime/src/x.rs", "tokio::time::sleep(d).await", "");
    check_code("crates/cli/tests/it/x.rs", "thread::sleep(d)", "");
}
