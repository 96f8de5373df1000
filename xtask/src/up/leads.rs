//! The sample leads: read, signed, sent as a website would, and their runs looked up.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::http;

/// Where the example's source of kind webhook listens.
const HOOK: &str = "/hooks/sales/contact-form";
/// The variable that holds the secret `contact-form` of that source.
const WEBHOOK_SECRET: &str = "SEGUE_SECRET_CONTACT_FORM";
/// The file in the data directory where the first start leaves the owner's token.
const TOKEN_FILE: &str = "owner-token";

/// A delivery as a file holds it.
pub struct Sample {
    name: String,
    about: String,
    /// What makes a second delivery the same, made new for each `up`.
    delivery: String,
    body: Vec<u8>,
    /// The status that the example says it gets.
    expected: u16,
}

#[derive(serde::Deserialize)]
struct Written {
    about: String,
    headers: BTreeMap<String, String>,
    body: serde_json::Value,
    expected: Expected,
}

#[derive(serde::Deserialize)]
struct Expected {
    status: u16,
}

/// What became of a delivery.
pub enum Sent {
    Accepted(Lead),
    /// Known already, or refused: as the example says.
    Answered(String),
}

/// A lead that was accepted.
pub struct Lead {
    pub name: String,
    /// The address of its run, from the root of the server.
    pub run: String,
    /// Why its run could not be looked up the last time.
    trouble: Option<String>,
}

impl Lead {
    /// How its run ended; `None` while it has not.
    ///
    /// A look-up that fails is said once and tried again: a busy server may refuse one.
    pub fn end(&mut self, address: &str, token: &str) -> Option<String> {
        match status(address, self, token) {
            Ok(status) => {
                self.trouble = None;
                is_final(&status).then_some(status)
            }
            Err(error) => {
                let trouble = Some(format!("{}: {error:#}", self.name));
                if self.trouble != trouble {
                    eprintln!("{}", trouble.as_deref().unwrap_or_default());
                    self.trouble = trouble;
                }
                None
            }
        }
    }
}

/// Lines of `NAME=value`; empty ones and those that start with `#` say nothing.
pub fn read_secrets(path: &Path) -> Result<BTreeMap<String, String>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse_secrets(&text).with_context(|| format!("in {}", path.display()))
}

fn parse_secrets(text: &str) -> Result<BTreeMap<String, String>> {
    let mut secrets = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            bail!("line {}: expected `NAME=value`", index + 1);
        };
        secrets.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    Ok(secrets)
}

pub fn webhook_secret(secrets: &BTreeMap<String, String>) -> Result<&str> {
    let names = || {
        secrets
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let secret = secrets.get(WEBHOOK_SECRET).with_context(|| {
        format!(
            "the example's secrets lack {WEBHOOK_SECRET}; they hold {}",
            names()
        )
    })?;
    Ok(secret)
}

/// All `*.json` files of the directory, in order of name.
pub fn read_samples(directory: &Path) -> Result<Vec<Sample>> {
    // Another one at each call, so that a second `up` makes new runs and is not taken for a repeated delivery.
    let mark = nanoseconds();
    let mut samples = Vec::new();
    let entries = std::fs::read_dir(directory)
        .with_context(|| format!("cannot read {}", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let text = std::fs::read_to_string(&path)?;
            let sample = parse_sample(name, &text, mark)
                .with_context(|| format!("in {}", path.display()))?;
            samples.push(sample);
        }
    }
    samples.sort_by(|one, other| one.name.cmp(&other.name));
    if samples.is_empty() {
        bail!("no sample leads in {}", directory.display());
    }
    Ok(samples)
}

fn parse_sample(name: String, text: &str, mark: u128) -> Result<Sample> {
    let written: Written = serde_json::from_str(text)?;
    let delivery = written
        .headers
        .get("x-delivery-id")
        .context("a lead needs the header `x-delivery-id`")?;
    Ok(Sample {
        name,
        about: written.about,
        delivery: format!("{delivery}-{mark}"),
        body: serde_json::to_vec(&written.body)?,
        expected: written.expected.status,
    })
}

/// Sends the lead and tells where its run is, or what else came of it.
pub fn send(address: &str, sample: &Sample, secret: &str) -> Result<Sent> {
    let headers = [
        ("content-type", "application/json"),
        (
            "x-signature",
            &*format!("sha256={}", sign(secret, &sample.body)),
        ),
        ("x-delivery-id", &*sample.delivery),
    ];
    let reply = http::post(address, HOOK, &headers, &sample.body)?;
    let is_accepted = reply.status == 202;
    let is_expected =
        reply.status == sample.expected || (reply.status == 200 && sample.expected == 202);
    if !is_expected {
        bail!(
            "lead `{}` was answered with {}: {}",
            sample.name,
            reply.status,
            reply.text()
        );
    }
    if !is_accepted {
        let what = if reply.status == 200 {
            "known already"
        } else {
            "refused"
        };
        return Ok(Sent::Answered(format!(
            "{}: {what} ({}). {}",
            sample.name, reply.status, sample.about
        )));
    }
    let location = reply.header("location").with_context(|| {
        format!(
            "lead `{}` was accepted, but the answer names no run",
            sample.name
        )
    })?;
    Ok(Sent::Accepted(Lead {
        name: sample.name.clone(),
        run: location
            .trim_start_matches(&format!("http://{address}"))
            .to_owned(),
        trouble: None,
    }))
}

/// HMAC-SHA256 in hexadecimal.
fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    let bytes = mac.finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn nanoseconds() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos())
}

/// The owner's token, which the server wrote before it became ready.
pub fn read_token(data: &Path) -> Result<String> {
    let path = data.join(TOKEN_FILE);
    let token = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(token.trim().to_owned())
}

/// The status of the run, in the specification's words.
fn status(address: &str, lead: &Lead, token: &str) -> Result<String> {
    let authorization = format!("Bearer {token}");
    let reply = http::get(address, &lead.run, &[("authorization", &authorization)])?;
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    match body["status"].as_str() {
        Some(status) if reply.status == 200 => Ok(status.to_owned()),
        _ => bail!("{} answered {}: {}", lead.run, reply.status, reply.text()),
    }
}

fn is_final(status: &str) -> bool {
    matches!(status, "completed" | "faulted" | "cancelled")
}

#[cfg(test)]
mod tests;
