use super::*;

#[test]
fn percentiles_of_a_sorted_list() {
    let times: Vec<Duration> = (1..=101).map(Duration::from_micros).collect();
    assert_eq!(percentile(&times, 50), Duration::from_micros(51));
    assert_eq!(percentile(&times, 99), Duration::from_micros(100));
    assert_eq!(percentile(&times[..1], 99), Duration::from_micros(1));
}

#[test]
fn an_fsync_takes_time_and_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("scratch");
    let fsync = measure_fsync(&path, Duration::ZERO).unwrap();
    assert!(
        fsync.median_us > 0.0 && fsync.median_us <= fsync.p99_us,
        "{fsync:?}"
    );
    assert!(!path.exists());
}
