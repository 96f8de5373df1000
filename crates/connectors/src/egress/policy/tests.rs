use std::net::IpAddr;

use super::*;

fn check(policy: &Policy, address: &str, expected: Option<Rule>) {
    let address: IpAddr = address.parse().expect(address);
    assert_eq!(policy.denies(address), expected, "{address}");
}

#[test]
fn every_special_range_is_named_and_the_public_internet_is_open() {
    let policy = Policy::default();
    for (address, expected) in [
        ("8.8.8.8", None),
        ("93.184.216.34", None),
        ("172.15.255.255", None),
        ("172.32.0.0", None),
        ("100.63.255.255", None),
        ("100.128.0.0", None),
        ("2606:4700::1111", None),
        ("127.0.0.1", Some(Rule::Loopback)),
        ("127.255.255.254", Some(Rule::Loopback)),
        ("::1", Some(Rule::Loopback)),
        ("0.0.0.0", Some(Rule::Unspecified)),
        ("0.1.2.3", Some(Rule::Unspecified)),
        ("::", Some(Rule::Unspecified)),
        ("10.0.0.1", Some(Rule::Private)),
        ("172.16.0.1", Some(Rule::Private)),
        ("172.31.255.255", Some(Rule::Private)),
        ("192.168.1.1", Some(Rule::Private)),
        ("fc00::1", Some(Rule::Private)),
        ("fdff::1", Some(Rule::Private)),
        ("fec0::1", Some(Rule::Private)),
        ("100.64.0.1", Some(Rule::Shared)),
        ("100.127.255.255", Some(Rule::Shared)),
        ("169.254.0.1", Some(Rule::LinkLocal)),
        ("fe80::1", Some(Rule::LinkLocal)),
        ("169.254.169.254", Some(Rule::Metadata)),
        ("168.63.129.16", Some(Rule::Metadata)),
        ("fd00:ec2::254", Some(Rule::Metadata)),
        ("224.0.0.1", Some(Rule::Multicast)),
        ("ff02::1", Some(Rule::Multicast)),
        ("255.255.255.255", Some(Rule::Broadcast)),
        ("192.0.2.1", Some(Rule::Documentation)),
        ("198.51.100.1", Some(Rule::Documentation)),
        ("203.0.113.9", Some(Rule::Documentation)),
        ("2001:db8::1", Some(Rule::Documentation)),
        ("3fff:123::1", Some(Rule::Documentation)),
        ("198.18.0.1", Some(Rule::Benchmarking)),
        ("198.19.255.255", Some(Rule::Benchmarking)),
        ("2001:2::1", Some(Rule::Benchmarking)),
        ("240.0.0.1", Some(Rule::Reserved)),
        ("192.0.0.1", Some(Rule::Reserved)),
        ("64:ff9b:1::1", Some(Rule::Reserved)),
        ("100::1", Some(Rule::Reserved)),
    ] {
        check(&policy, address, expected);
    }
}

#[test]
fn an_address_inside_an_address_is_what_counts() {
    let policy = Policy::default();
    for (address, expected) in [
        ("::ffff:127.0.0.1", Some(Rule::Loopback)),
        ("::ffff:8.8.8.8", None),
        ("::127.0.0.1", Some(Rule::Loopback)),
        ("::ffff:0:10.0.0.1", Some(Rule::Private)),
        ("64:ff9b::169.254.169.254", Some(Rule::Metadata)),
        ("64:ff9b::8.8.8.8", None),
        ("2002:7f00:0001::1", Some(Rule::Loopback)),
        ("2002:0808:0808::1", None),
        // Teredo: client 192.168.1.1 is stored inverted, the server in clear.
        ("2001:0:0808:0808:0:0:3f57:fefe", Some(Rule::Private)),
        ("2001:0:0a00:0001:0:0:f7f7:f7f7", Some(Rule::Private)),
        ("2001:0:0808:0808:0:0:f7f7:f7f7", None),
        ("2606:4700::5efe:10.0.0.1", Some(Rule::Private)),
    ] {
        check(&policy, address, expected);
    }
}

#[test]
fn what_the_settings_allow_is_allowed_and_no_more() {
    let policy = Policy {
        allow: vec!["10.1.0.0/16".parse().expect("a range")],
        allow_loopback: true,
    };
    check(&policy, "10.1.2.3", None);
    check(&policy, "::ffff:10.1.2.3", None);
    check(&policy, "10.2.0.1", Some(Rule::Private));
    check(&policy, "127.0.0.1", None);
    check(&policy, "::1", None);
    check(&policy, "0.0.0.0", Some(Rule::Unspecified));

    let wide = Policy {
        allow: vec!["0.0.0.0/0".parse().expect("a range")],
        ..Policy::default()
    };
    check(&wide, "192.168.0.1", None);
    check(&wide, "169.254.169.254", Some(Rule::Metadata));
    let exact = Policy {
        allow: vec!["169.254.169.254".parse().expect("an address")],
        ..Policy::default()
    };
    check(&exact, "169.254.169.254", None);
}

#[test]
fn a_wrong_range_is_refused_with_an_example() {
    for text in [
        "",
        "10.0.0.0/33",
        "::/129",
        "10.0.0/8",
        "ten",
        "10.0.0.0/-1",
        "10.0.0.0/8/8",
    ] {
        let error = text.parse::<Cidr>().expect_err(text);
        assert!(error.to_string().contains("10.1.0.0/16"), "{error}");
    }
    assert!(
        Policy::default()
            .denies_name("Metadata.Google.Internal.")
            .is_some()
    );
    assert!(
        Policy::default()
            .denies_name("metadata.example.com")
            .is_none()
    );
}
