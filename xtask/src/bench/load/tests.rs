use super::*;

const PRINTED: &str = "Running 5s test @ http://127.0.0.1:7399/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   237.21us   99.52us   4.63ms   93.42%
    Req/Sec   134.56k     4.21k  140.10k    80.00%
  Latency Distribution
     50%  220.00us
     75%  260.00us
     90%  310.00us
     99%    1.20ms
  669414 requests in 5.00s, 98.96MB read
";

#[test]
fn what_wrk_prints_is_understood() {
    let load = parse(&format!(
        "{PRINTED}Requests/sec: 133872.11\nTransfer/sec:     19.79MB\n"
    ))
    .unwrap();
    let expected = Load {
        requests_per_second: 133_872.11,
        p50_ms: 0.22,
        p99_ms: 1.2,
        errors: 0,
    };
    assert_eq!(load, expected);
}

#[test]
fn errors_are_counted() {
    let load = parse(&format!(
        "{PRINTED}  Socket errors: connect 0, read 3, write 0, timeout 1\n  Non-2xx or 3xx responses: 10\nRequests/sec: 1.0\n"
    ));
    assert_eq!(load.unwrap().errors, 14);
}

#[test]
fn something_else_is_not_a_result() {
    assert_eq!(parse("unable to connect"), None);
}
