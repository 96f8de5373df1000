use super::*;

#[test]
fn a_taken_address_is_named_before_anything_starts() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let error = check_free([address.as_str()].into_iter()).unwrap_err();
    let expected = format!("{address} is taken: is another `cargo xtask up` running?");
    assert_eq!(error.to_string(), expected);
    drop(other);
    assert!(check_free([address.as_str()].into_iter()).is_ok());
}

#[test]
fn every_program_has_an_address_of_its_own() {
    let mut addresses: Vec<&str> = SYSTEMS.iter().map(|(_, address, _)| *address).collect();
    addresses.extend([SMTP, SEGUE]);
    let count = addresses.len();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), count);
}
