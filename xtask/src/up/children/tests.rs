use super::*;

fn children() -> Children {
    Children::new(Arc::new(AtomicBool::new(false)))
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn is_running(pid: Pid) -> bool {
    rustix::process::test_kill_process(pid).is_ok()
}

#[test]
fn stop_ends_every_program() {
    let mut children = children();
    children.start("one", &mut shell("exec sleep 600")).unwrap();
    children.start("two", &mut shell("exec sleep 600")).unwrap();
    let pids: Vec<Pid> = children
        .started
        .iter()
        .map(|(_, child)| Pid::from_child(child))
        .collect();
    assert!(pids.iter().all(|pid| is_running(*pid)));
    children.stop();
    assert!(!pids.iter().any(|pid| is_running(*pid)));
}

#[test]
fn going_away_ends_them_too() {
    let mut children = children();
    children.start("one", &mut shell("exec sleep 600")).unwrap();
    let pid = Pid::from_child(&children.started[0].1);
    drop(children);
    assert!(!is_running(pid));
}

#[test]
fn a_program_that_dies_is_named_while_we_wait() {
    let mut children = children();
    children.start("weak", &mut shell("exit 7")).unwrap();
    let error = children
        .wait_for(Duration::from_secs(60), "the answer", || false)
        .unwrap_err();
    assert_eq!(error.to_string(), "`weak` ended with exit status: 7");
}

#[test]
fn waiting_has_an_end() {
    let error = children()
        .wait_for(Duration::ZERO, "127.0.0.1:1", || false)
        .unwrap_err();
    assert_eq!(error.to_string(), "127.0.0.1:1 did not answer within 0ns");
}

#[test]
fn a_signal_ends_the_waiting() {
    let mut children = children();
    children.stop.store(true, Ordering::SeqCst);
    let error = children
        .wait_for(Duration::from_secs(60), "the answer", || false)
        .unwrap_err();
    assert_eq!(error.to_string(), "stopped while waiting for the answer");
}
