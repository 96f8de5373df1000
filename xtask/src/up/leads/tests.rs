use super::*;

#[test]
fn signatures_are_those_of_rfc_4231() {
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(sign("Jefe", b"what do ya want for nothing?"), expected);
}

#[test]
fn secrets_are_lines_of_name_and_value() {
    let secrets =
        parse_secrets("# for the demo\n\nSEGUE_SECRET_CONTACT_FORM = a=b \nOTHER=1\n").unwrap();
    assert_eq!(webhook_secret(&secrets).unwrap(), "a=b");
    assert_eq!(secrets.len(), 2);
}

#[test]
fn a_line_that_is_no_secret_is_named() {
    let error = parse_secrets("A=1\nnonsense\n").unwrap_err();
    assert_eq!(error.to_string(), "line 2: expected `NAME=value`");
}

#[test]
fn a_missing_secret_is_named_with_those_there() {
    let secrets = parse_secrets("OTHER=1").unwrap();
    let error = webhook_secret(&secrets).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the example's secrets lack SEGUE_SECRET_CONTACT_FORM; they hold OTHER"
    );
}

#[test]
fn samples_come_in_order_and_none_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    assert!(read_samples(directory.path()).is_err());
    for name in ["2-small.json", "1-big.json", "notes.md"] {
        std::fs::write(directory.path().join(name), "{}").unwrap();
    }
    let samples = read_samples(directory.path()).unwrap();
    let names: Vec<&str> = samples.iter().map(|sample| sample.name.as_str()).collect();
    assert_eq!(names, ["1-big", "2-small"]);
}

#[test]
fn two_deliveries_of_one_lead_differ() {
    assert_ne!(delivery_id("a"), delivery_id("a"));
}
