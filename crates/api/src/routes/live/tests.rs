use runtime::{LiveEvent, Scope};

use super::Filter;
use crate::{RunId, RunStatus};

#[test]
fn a_reader_sees_only_its_namespaces_and_what_it_asked_for() {
    let id = |bits| RunId(uuid::Uuid::from_u128(bits));
    let event = LiveEvent {
        run: id(1),
        namespace: "sales".into(),
        workflow: "w".into(),
        status: RunStatus::Running,
        seq: 1,
        at: jiff::Timestamp::UNIX_EPOCH,
        summary: None,
    };
    let check =
        |allowed: Option<&str>, run: Option<RunId>, namespace: Option<&str>, expected: bool| {
            let namespaces = allowed.map(|name| [name.into()].into());
            let scope = Scope {
                actor: "a".into(),
                namespaces,
            };
            let filter = Filter {
                scope,
                run,
                namespace: namespace.map(str::to_owned),
            };
            assert_eq!(
                filter.shows(&event),
                expected,
                "{allowed:?} {run:?} {namespace:?}"
            );
        };
    check(None, None, None, true);
    check(Some("sales"), Some(id(1)), Some("sales"), true);
    check(Some("hr"), None, None, false);
    check(Some("hr"), Some(id(1)), None, false);
    check(None, Some(id(2)), None, false);
    check(None, None, Some("hr"), false);
}
