use super::*;

const STAGES: [Stage; 3] = [Stage::Format, Stage::Tidy, Stage::Tests];

fn run_with_tidy_broken(keep_going: bool) -> Report {
    run_all(&STAGES, keep_going, &mut |stage| {
        if stage == Stage::Tidy {
            bail!("a tab");
        }
        Ok(())
    })
}

#[test]
fn a_failure_stops_the_run_and_the_rest_is_named() {
    let report = run_with_tidy_broken(false);
    assert_eq!(report.not_run, [Stage::Tests]);
    let last = report.lines(&Counts::default()).pop();
    assert_eq!(
        last.as_deref(),
        Some("stages: 1 passed, 1 failed, 1 not run")
    );
}

#[test]
fn keep_going_runs_everything_and_still_fails() {
    let report = run_with_tidy_broken(true);
    let last = report.lines(&Counts::default()).pop();
    assert_eq!(last.as_deref(), Some("stages: 2 passed, 1 failed"));
}

#[test]
fn test_results_of_all_programs_are_summed() {
    let mut counts = Counts::default();
    counts.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s");
    counts.add("test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out");
    counts.add("test a::b ... ok");
    counts.add("9 passed");
    let expected = Counts {
        passed: 5,
        failed: 4,
        ignored: 1,
    };
    assert_eq!(counts, expected);
}
