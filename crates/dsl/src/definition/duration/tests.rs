use super::{add_to, parse_duration};

#[test]
fn iso_8601_is_read() {
    let check = |text: &str, expected: Option<&str>| {
        let found =
            parse_duration(text).map(|span| add_to(&span, jiff::Timestamp::UNIX_EPOCH).to_string());
        assert_eq!(found.as_deref(), expected, "{text}");
    };
    check("PT0S", Some("1970-01-01T00:00:00Z"));
    check("PT5S", Some("1970-01-01T00:00:05Z"));
    check("PT0.25S", Some("1970-01-01T00:00:00.25Z"));
    check("PT1.5H", Some("1970-01-01T01:30:00Z"));
    check("PT90M", Some("1970-01-01T01:30:00Z"));
    check("P1DT12H", Some("1970-01-02T12:00:00Z"));
    check("P2W", Some("1970-01-15T00:00:00Z"));
    check("P0.5W", Some("1970-01-04T12:00:00Z"));
    check("P1M", Some("1970-02-01T00:00:00Z"));
    check("P1Y2M3DT4H5M6S", Some("1971-03-04T04:05:06Z"));
    check("P0.5Y", Some("1970-07-01T00:00:00Z"));
    for bad in [
        "",
        "P",
        "PT",
        "T5S",
        "5S",
        "pt5s",
        "PT5",
        "PT5S ",
        " PT5S",
        "P5S",
        "PT5D",
        "P1D1Y",
        "PT5S5S",
        "P1DT",
        "PT.5S",
        "PT5.S",
        "P0.5M",
        "P0.3Y",
        "-PT5S",
        "PT-5S",
        "P99999999999999999999D",
        "P99999999Y",
        "PT5S\n",
        "P1é",
    ] {
        check(bad, None);
    }
}

#[test]
fn a_month_is_as_long_as_the_calendar_says() {
    let month = parse_duration("P1M").unwrap();
    let check = |from: &str, expected: &str| {
        assert_eq!(add_to(&month, from.parse().unwrap()).to_string(), expected)
    };
    check("2024-01-31T00:00:00Z", "2024-02-29T00:00:00Z");
    check("2025-01-31T00:00:00Z", "2025-02-28T00:00:00Z");
}

#[test]
fn sums_beyond_time_stay_at_its_end() {
    let span = parse_duration("P9000Y").unwrap();
    assert_eq!(
        add_to(&span, "2026-01-01T00:00:00Z".parse().unwrap()),
        jiff::Timestamp::MAX
    );
}
