use super::*;

fn check_edge(from: &str, to: &str, kind: Option<&str>, is_allowed: bool) {
    let metadata = Metadata {
        packages: vec![Package {
            name: from.to_owned(),
            dependencies: vec![Dependency {
                name: to.to_owned(),
                kind: kind.map(str::to_owned),
            }],
        }],
    };
    assert_eq!(check(&metadata).is_empty(), is_allowed, "{from} -> {to}");
}

#[test]
fn along_the_drawing() {
    check_edge("engine", "dsl", None, true);
    check_edge("runtime", "connectors", None, true);
    check_edge("engine", "serde", None, true);
    check_edge("cli", "systems", Some("dev"), true);
    check_edge("store", "store", Some("dev"), true);
}

#[test]
fn against_the_drawing() {
    check_edge("dsl", "engine", None, false);
    check_edge("store", "connectors", None, false);
    check_edge("connectors", "store", Some("dev"), false);
    check_edge("api", "store", None, false);
    check_edge("runtime", "sim", Some("dev"), false);
    check_edge("cli", "systems", None, false);
    check_edge("runtime", "bench", Some("dev"), false);
    check_edge("store", "store", None, false);
}

#[test]
fn a_crate_must_be_drawn_first() {
    check_edge("newcomer", "dsl", None, false);
}
