//! The examples' files, with the addresses of this test's systems and waits that a test can sit through.

use std::path::PathBuf;

use serde_json::Value;
use systems::{Ports, Running};

fn folder(example: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(example)
}

/// Connections, sources and workflows of an example, in that order. Each of `replaced` must be found.
pub fn project(example: &str, systems: &Running, replaced: &[(&str, &str)]) -> Vec<String> {
    let mut texts = Vec::new();
    let mut is_found = vec![false; replaced.len()];
    for part in ["connections", "sources", "workflows"] {
        let Ok(entries) = std::fs::read_dir(folder(example).join(part)) else {
            continue;
        };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let mut text = with_ports(std::fs::read_to_string(path).unwrap(), systems);
            for (index, (old, new)) in replaced.iter().enumerate() {
                is_found[index] |= text.contains(old);
                text = text.replace(old, new);
            }
            texts.push(text);
        }
    }
    assert!(
        is_found.iter().all(|found| *found),
        "{replaced:?} in {example}"
    );
    texts
}

fn with_ports(text: String, systems: &Running) -> String {
    let demo = Ports::demo();
    let pairs = [
        (demo.crm, systems.crm),
        (demo.enrichment, systems.enrichment),
        (demo.chat, systems.chat),
        (demo.bank, systems.bank),
        (demo.procurement, systems.procurement),
        (demo.smtp, systems.smtp),
    ];
    pairs.into_iter().fold(text, |text, (from, to)| {
        text.replace(&format!("127.0.0.1:{from}"), &to.to_string())
            .replace(&format!("port: {from}"), &format!("port: {}", to.port()))
    })
}

/// The secrets of an example as `segue up` reads them from the environment.
pub fn secrets(example: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(folder(example).join("secrets.env")).unwrap();
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("SEGUE_SECRET_"));
    lines
        .map(|line| {
            let (name, value) = line.split_once('=').expect("name and value");
            (name.to_lowercase().replace('_', "-"), value.to_owned())
        })
        .collect()
}

/// A JSON file of an example.
pub fn sample(example: &str, path: &str) -> Value {
    let text = std::fs::read(folder(example).join(path)).unwrap();
    serde_json::from_slice(&text).unwrap()
}
