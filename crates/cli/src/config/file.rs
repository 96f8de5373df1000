//! Settings from segue.yaml: unknown keys and wrong values are errors with their place.

use std::path::{Path, PathBuf};

use dsl::yaml::{Entry, Node, NodeKind};

use super::settings::SETTINGS;
use super::{Config, FILE};
use crate::failure::Failure;
use crate::findings::{Finding, Report};

/// Applies the folder's file, if it has one. The report has what is wrong with it.
pub fn apply(config: &mut Config, folder: &Path) -> Result<Report, Failure> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Report::default()),
        Err(error) => return Err(Failure::file("read", &path, &error)),
    };
    let findings = apply_text(config, folder, &text);
    Ok(Report {
        path: path.display().to_string(),
        text: Some(text),
        findings,
    })
}

fn apply_text(config: &mut Config, folder: &Path, text: &str) -> Vec<Finding> {
    let documents = match dsl::yaml::parse(text) {
        Ok(documents) => documents,
        Err(problems) => return problems.iter().map(Finding::from).collect(),
    };
    let root = match &documents[..] {
        [] => return Vec::new(),
        [document] => &document.root,
        [_, second, ..] => {
            let finding = Finding::error("expected one document, found another");
            return vec![finding.at(second.root.span)];
        }
    };
    if root.to_value().is_null() {
        return Vec::new();
    }
    let Some(entries) = root.entries() else {
        let found = root.to_value().type_name();
        let finding = Finding::error(format!("expected a mapping of settings, found {found}"));
        return vec![finding.at(root.span)];
    };
    let problems = entries
        .iter()
        .filter_map(|entry| apply_entry(config, folder, entry).err())
        .map(|finding| *finding);
    problems.collect()
}

fn apply_entry(config: &mut Config, folder: &Path, entry: &Entry) -> Result<(), Box<Finding>> {
    let key = &*entry.key;
    let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
        let known: Vec<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        return Err(Box::new(
            Finding {
                code: Some("unknown-key".to_owned()),
                pointer: format!("/{key}"),
                help: Some(format!("there are {}", known.join(", "))),
                ..Finding::error(format!("there is no setting `{key}`"))
            }
            .at(entry.key_span),
        ));
    };
    let wrong = |message: String| {
        let finding = Finding {
            pointer: format!("/{key}"),
            ..Finding::error(format!("`{key}`: {message}"))
        };
        Box::new(finding.at(entry.value.span))
    };
    let texts = texts(&entry.value, setting.is_list).map_err(wrong)?;
    (setting.read)(config, &texts).map_err(wrong)?;
    match key {
        "listen" if !config.listen.ip().is_loopback() => {
            config.listen = Config::defaults(folder).listen;
            Err(Box::new(Finding {
                help: Some("say so with `--listen` or SEGUE_LISTEN".to_owned()),
                ..*wrong("a folder cannot open this machine to the network".to_owned())
            }))
        }
        "data" => {
            config.data = beside(folder, &config.data);
            Ok(())
        }
        "secretsDirectory" => {
            config.secrets_directory = config
                .secrets_directory
                .take()
                .map(|path| beside(folder, &path));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn beside(folder: &Path, path: &Path) -> PathBuf {
    folder.join(path)
}

fn texts(node: &Node, is_list: bool) -> Result<Vec<String>, String> {
    let found = node.to_value().type_name();
    match &node.kind {
        NodeKind::Scalar { text, .. } if !is_list && found != "null" => Ok(vec![text.to_string()]),
        NodeKind::Sequence(items) if is_list => items
            .iter()
            .map(|item| match &item.kind {
                NodeKind::Scalar { text, .. } => Ok(text.to_string()),
                _ => Err(format!(
                    "expected a list of texts, found {} in it",
                    item.to_value().type_name()
                )),
            })
            .collect(),
        _ if is_list => Err(format!("expected a list, found {found}")),
        _ => Err(format!("expected one value, found {found}")),
    }
}
