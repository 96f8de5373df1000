//! The examples name ports and secrets in their files; they must be those of the systems.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use systems::{BANK_TOKEN, CRM_TOKEN, ENRICHMENT_KEY, PROCUREMENT_TOKEN, Ports};

fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(name)
}

/// File name and the one address in it, for each connection.
fn addresses(name: &str) -> Result<BTreeMap<String, u16>> {
    let mut addresses = BTreeMap::new();
    for entry in std::fs::read_dir(example(name).join("connections"))? {
        let path = entry?.path();
        let text = std::fs::read_to_string(&path)?;
        let after = text
            .split_once("127.0.0.1:")
            .or_else(|| text.split_once("host: 127.0.0.1, port: "));
        let port: String = after
            .context("an address")?
            .1
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        let stem = path
            .file_stem()
            .context("a name")?
            .to_string_lossy()
            .into_owned();
        addresses.insert(stem, port.parse()?);
    }
    Ok(addresses)
}

#[test]
fn connections_name_the_ports_of_the_systems() -> Result<()> {
    let ports = Ports::demo();
    let of = |list: &[(&str, u16)]| {
        list.iter()
            .map(|(name, port)| ((*name).to_owned(), *port))
            .collect()
    };
    let lead_intake: BTreeMap<String, u16> = of(&[
        ("crm", ports.crm),
        ("enrichment", ports.enrichment),
        ("chat", ports.chat),
        ("mail", ports.smtp),
    ]);
    let purchase_request: BTreeMap<String, u16> = of(&[
        ("procurement", ports.procurement),
        ("bank", ports.bank),
        ("chat", ports.chat),
        ("mail", ports.smtp),
    ]);
    assert_eq!(addresses("lead-intake")?, lead_intake);
    assert_eq!(addresses("purchase-request")?, purchase_request);
    Ok(())
}

/// Every `secret: name` (or `secret: name` within braces) of the project's resources.
fn secrets_used(name: &str) -> Result<Vec<String>> {
    let mut used = Vec::new();
    for folder in ["connections", "sources"] {
        let Ok(entries) = std::fs::read_dir(example(name).join(folder)) else {
            continue;
        };
        for entry in entries {
            let text = std::fs::read_to_string(entry?.path())?;
            let names = text.split("secret: ").skip(1).map(|rest| {
                let end = |character: char| !character.is_ascii_alphanumeric() && character != '-';
                rest.split(end).next().unwrap_or_default().to_owned()
            });
            used.extend(names);
        }
    }
    used.sort();
    Ok(used)
}

#[test]
fn secrets_are_all_given_and_are_the_ones_the_systems_accept() -> Result<()> {
    let expected = [
        (
            "lead-intake",
            vec![
                ("contact-form", "contact-form-demo-secret"),
                ("crm-token", CRM_TOKEN),
                ("enrichment-key", ENRICHMENT_KEY),
            ],
        ),
        (
            "purchase-request",
            vec![
                ("bank-token", BANK_TOKEN),
                ("procurement-token", PROCUREMENT_TOKEN),
            ],
        ),
    ];
    for (name, secrets) in expected {
        let given = std::fs::read_to_string(example(name).join("secrets.env"))?;
        for (secret, value) in &secrets {
            let line = format!(
                "SEGUE_SECRET_{}={value}\n",
                secret.to_uppercase().replace('-', "_")
            );
            assert!(given.contains(&line), "{name} lacks {line}");
        }
        let known: Vec<&str> = secrets.iter().map(|(secret, _)| *secret).collect();
        assert_eq!(secrets_used(name)?, known, "{name}");
    }
    Ok(())
}
