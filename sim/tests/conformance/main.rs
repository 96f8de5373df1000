//! Runs feature files: the specification's conformance kit, and our own in the same form.
//!
//! Each scenario (each row of an outline) is a test of its own: `cargo test -p sim NAME`. It is run twice, once with a
//! decision that does as much as it can, once with decisions that stop after every task: the result must be the same.

mod compare;
mod internet;
mod pattern;
mod selfcheck;
mod steps;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use gherkin::{Feature, GherkinEnv, Scenario, Step};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = match trials() {
        Ok(trials) => trials,
        Err(error) => {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "{error:#}");
            return ExitCode::FAILURE;
        }
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trials() -> Result<Vec<Trial>> {
    let features = Path::new(env!("CARGO_MANIFEST_DIR")).join("features");
    let mut trials = selfcheck::trials();
    for folder in ["kit", "segue"] {
        for file in feature_files(&features.join(folder))? {
            let feature = Feature::parse_path(&file, GherkinEnv::default())
                .with_context(|| file.display().to_string())?;
            ensure!(
                feature.background.is_none() && feature.rules.is_empty(),
                "{}: only scenarios are read",
                file.display()
            );
            let place = format!(
                "{folder}/{}",
                file.file_stem().unwrap_or_default().to_string_lossy()
            );
            for scenario in &feature.scenarios {
                for (name, steps) in cases(scenario)? {
                    trials.push(Trial::test(format!("{place}: {name}"), move || run(&steps)));
                }
            }
        }
    }
    Ok(trials)
}

fn feature_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "feature")
    });
    files.sort();
    Ok(files)
}

/// The scenario itself, or one case for each row of its examples.
fn cases(scenario: &Scenario) -> Result<Vec<(String, Vec<Step>)>> {
    if scenario.examples.is_empty() {
        return Ok(vec![(scenario.name.clone(), scenario.steps.clone())]);
    }
    let mut cases = Vec::new();
    for examples in &scenario.examples {
        let table = examples
            .table
            .as_ref()
            .context("examples without a table")?;
        let (names, rows) = table
            .rows
            .split_first()
            .context("examples without a heading")?;
        for row in rows {
            let fill = |text: &str| {
                names
                    .iter()
                    .zip(row)
                    .fold(text.to_owned(), |text, (name, cell)| {
                        text.replace(&format!("<{name}>"), cell)
                    })
            };
            let steps = scenario.steps.iter().cloned().map(|step| Step {
                value: fill(&step.value),
                docstring: step.docstring.as_deref().map(fill),
                ..step
            });
            cases.push((
                format!("{} ({})", scenario.name, row.join(" | ")),
                steps.collect(),
            ));
        }
    }
    Ok(cases)
}

fn run(steps: &[Step]) -> Result<(), Failed> {
    for (how, budget) in [("", 1_000), (" (one task at a time)", 1)] {
        let mut scene = steps::Scene::new(budget);
        for step in steps {
            if let Err(error) = scene.perform(step) {
                let told = scene.told();
                return Err(Failed::from(format!(
                    "{}{}{how}\n  {error:#}\n{told}",
                    step.keyword, step.value
                )));
            }
        }
    }
    Ok(())
}
