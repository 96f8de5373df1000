use super::{digits, is_part, only, with_dashes};

const ID: &str = "019394a2-7c11-7abc-8def-0123456789ab";

#[test]
fn enough_of_either_end_names_a_run() {
    for (given, expected) in [
        (ID, Some(true)),
        ("019394A2", Some(true)),
        ("019394a2-7c", Some(true)),
        ("6789ab", Some(true)),
        ("ef-0123456789ab", Some(true)),
        ("394a27", Some(false)),
        ("789ab", None),
        ("nothex1", None),
        ("019394a2-7c11-7abc-8def-0123456789ab0", None),
    ] {
        let found = digits(given).ok().map(|part| is_part(&part, ID));
        assert_eq!(found, expected, "{given}");
    }
    assert_eq!(with_dashes(&digits(ID).expect("whole")), ID);
}

#[test]
fn what_fits_several_names_none() {
    let both = ["a".to_owned(), "b".to_owned()];
    let failure = only("x", &both, false).expect_err("two");
    assert_eq!(failure.message, "`x` fits 2 runs");
    assert_eq!(failure.help.as_deref(), Some("give more of it: a, b"));
    assert!(
        only("x", &[], true)
            .expect_err("none")
            .message
            .ends_with("among the newest")
    );
    assert_eq!(only("x", &both[..1], true).expect("one"), "a");
}
