//! Companies made up from their domain.

use serde_json::{Value, json};

/// Domains with facts that the sample leads rely on.
pub(super) const SAMPLES: [&str; 4] = [
    "northwind.example",
    "bluebird-bakery.example",
    "harbour-logistics.example",
    "corner-shop.example",
];

/// Anybody may have an address here.
const MAIL_PROVIDERS: [&str; 5] = [
    "gmail.com",
    "outlook.com",
    "yahoo.com",
    "proton.me",
    "freemail.example",
];

const INDUSTRIES: [&str; 6] = [
    "manufacturing",
    "logistics",
    "retail",
    "software",
    "health",
    "education",
];
const COUNTRIES: [&str; 6] = ["GB", "DE", "FR", "US", "NL", "SE"];

pub(super) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || character == '-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_label)
}

pub(super) fn behind(domain: &str) -> Option<Value> {
    if MAIL_PROVIDERS.contains(&domain) {
        return None;
    }
    let (industry, employees, country, founded) = match domain {
        "northwind.example" => ("manufacturing", 420, "GB", 1987),
        "bluebird-bakery.example" => ("retail", 24, "FR", 2011),
        "harbour-logistics.example" => ("logistics", 130, "NL", 1999),
        "corner-shop.example" => ("retail", 3, "DE", 2020),
        _ => made_up(domain),
    };
    Some(json!({
        "domain": domain,
        "name": name(domain),
        "industry": industry,
        "employees": employees,
        "country": country,
        "founded": founded,
    }))
}

fn made_up(domain: &str) -> (&'static str, u32, &'static str, u32) {
    let hash = fnv(domain);
    let pick = |list: &[&'static str; 6], shift: u32| list[((hash >> shift) % 6) as usize];
    let employees = 1 + ((hash >> 24) % 900) as u32;
    let founded = 1950 + ((hash >> 40) % 70) as u32;
    (
        pick(&INDUSTRIES, 0),
        employees,
        pick(&COUNTRIES, 8),
        founded,
    )
}

/// `bluebird-bakery.example` is the Bluebird Bakery.
fn name(domain: &str) -> String {
    let label = domain.split('.').next().unwrap_or(domain);
    let capitalised = label.split('-').map(|word| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_uppercase() + rest,
        None => String::new(),
    });
    capitalised.collect::<Vec<_>>().join(" ")
}

/// FNV-1a: the same on every machine and in every release, unlike the standard library's hasher.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
