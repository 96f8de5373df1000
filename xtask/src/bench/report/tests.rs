use super::super::load::Load;
use super::super::machine::Fsync;
use super::*;

fn limits(is_optimised: bool) -> Limits {
    Limits {
        processor: "Some CPU".to_owned(),
        cores: 2,
        memory: "4096 kB".to_owned(),
        kernel: "6.1".to_owned(),
        fsync: Fsync {
            median_us: 138.4,
            p99_us: 400.0,
        },
        echo: Load {
            requests_per_second: 135_000.4,
            p50_ms: 0.22,
            p99_ms: 1.2,
            errors: 0,
        },
        is_optimised,
    }
}

#[test]
fn the_table_shows_limits_and_results() {
    let rows = [Row {
        workload: "webhook accepted",
        goal: ">= 30 %",
        figures: vec![Figure {
            name: "rate",
            value: 52_000.0,
            unit: "/s",
        }],
    }];
    let expected = "Machine: Some CPU, 2 cores, 4096 kB, Linux 6.1.

| workload | goal | measured |
|---|---|---|
| append 4 KiB and fsync | the limit | median 138 us, p99 400 us |
| bare echo, 32 connections | the limit | 135000/s, p50 0.22 ms, p99 1.20 ms, 0 errors |
| webhook accepted | >= 30 % | rate 52000.00 /s |
";
    assert_eq!(markdown(&limits(true), &rows), expected);
}

#[test]
fn a_slow_build_is_never_taken_for_a_result() {
    assert!(markdown(&limits(false), &[]).contains("these figures mean nothing"));
}
