use super::*;

fn package(name: &str, version: &str) -> Package {
    Package {
        id: name.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        license: Some("MIT".to_owned()),
        source: Some("registry+somewhere".to_owned()),
        dependencies: Vec::new(),
    }
}

fn check_packages(packages: Vec<Package>, expected: &[&str]) {
    let metadata = Metadata {
        packages,
        workspace_members: vec!["ours".to_owned()],
    };
    assert_eq!(check(&metadata), expected);
}

#[test]
fn ordinary_crates_pass() {
    check_packages(
        vec![
            package("serde", "1.0.0"),
            package("rustls-webpki", "0.103.13"),
            package("rustls-webpki", "0.104.0"),
        ],
        &[],
    );
}

#[test]
fn banned_crates_are_named_with_the_reason() {
    check_packages(
        vec![package("sqlx-core", "0.9.0"), package("rsa", "0.9.1")],
        &[
            "sqlx-core 0.9.0: banned, wants another libsqlite3-sys than rusqlite, and only one may link",
            "rsa 0.9.1: banned, RUSTSEC-2023-0071, timing, no fix",
        ],
    );
}

#[test]
fn an_old_version_with_advisories_is_refused() {
    check_packages(
        vec![package("rustls-webpki", "0.102.8")],
        &["rustls-webpki 0.102.8: older than 0.103.13, advisories of 2026"],
    );
}

#[test]
fn chrono_may_come_along_but_is_not_used_by_us() {
    let mut other = package("other", "1.0.0");
    other.dependencies = vec![Dependency {
        name: "chrono".to_owned(),
    }];
    let mut ours = other.clone();
    ours.id = "ours".to_owned();
    ours.name = "ours".to_owned();
    ours.source = None;
    check_packages(
        vec![other, ours],
        &["ours uses chrono: banned, jiff is our one library for time"],
    );
}

#[test]
fn code_from_elsewhere_is_refused() {
    let mut foreign = package("foreign", "0.1.0");
    foreign.source = Some("git+https://example.com/foreign".to_owned());
    check_packages(
        vec![foreign],
        &["foreign 0.1.0: neither a member of the workspace nor from the registry"],
    );
}

#[test]
fn two_versions_of_a_heavy_crate_are_refused() {
    check_packages(
        vec![package("hyper", "0.14.0"), package("hyper", "1.0.0")],
        &["hyper: 0.14.0 and 1.0.0 in one tree"],
    );
}

#[test]
fn a_licence_off_the_list_is_refused() {
    let mut copyleft = package("copyleft", "1.0.0");
    copyleft.license = Some("GPL-3.0-only".to_owned());
    check_packages(
        vec![copyleft],
        &["copyleft 1.0.0: licence `GPL-3.0-only` is not on our list"],
    );
}
