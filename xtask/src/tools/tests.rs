use super::*;

#[test]
fn nothing_happens_when_all_is_there() {
    assert_eq!(plan(Chore::Test, &|_| true, false), Plan::Ready);
}

#[test]
fn root_on_debian_installs_only_what_is_missing_for_the_chore() {
    let plan = plan(Chore::Test, &|name| name == "jq", true);
    assert_eq!(plan, Plan::Install(vec!["strace"]));
}

#[test]
fn others_read_what_to_install_and_why() {
    let Plan::Ask(message) = plan(Chore::Test, &|_| false, false) else {
        panic!("a person without root must be asked");
    };
    for tool in TOOLS.iter().filter(|tool| tool.chore == Chore::Test) {
        assert!(message.contains(tool.used_by), "{message}");
    }
    assert!(message.contains("install -y --no-install-recommends jq strace"));
}
