//! The table of settings: how each is called and how its text is read.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use runtime::Profile;

use super::{Config, LogFormat, PREFIX};
use crate::arguments::Settings;

/// Smallest and largest `bodyBytesMax`: below, no form fits; above, one request could hold all memory for bodies.
const BODY_BYTES: std::ops::RangeInclusive<usize> = (1 << 10)..=(64 << 20);

/// One setting.
pub struct Setting {
    /// In segue.yaml, `bodyBytesMax`.
    pub key: &'static str,
    pub is_list: bool,
    /// The texts of its flag; none: not given.
    pub flag: fn(&Settings) -> Vec<String>,
    /// Reads the texts (exactly one, unless it is a list). The error says what was expected and found.
    pub read: fn(&mut Config, &[String]) -> Result<(), String>,
}

pub const SETTINGS: &[Setting] = &[
    Setting {
        key: "listen",
        is_list: false,
        flag: |flags| one(&flags.listen),
        read: |config, texts| listen(&texts[0]).map(|listen| config.listen = listen),
    },
    Setting {
        key: "data",
        is_list: false,
        flag: |flags| one(&flags.data),
        read: |config, texts| filled(&texts[0]).map(|data| config.data = data.into()),
    },
    Setting {
        key: "profile",
        is_list: false,
        flag: |flags| one(&flags.profile),
        read: |config, texts| profile(&texts[0]).map(|profile| config.profile = profile),
    },
    Setting {
        key: "allowedNetworks",
        is_list: true,
        flag: |flags| flags.allowed_networks.clone(),
        read: |config, texts| {
            let networks: Result<_, _> = texts.iter().map(|text| network(text)).collect();
            networks.map(|networks| config.allowed_networks = networks)
        },
    },
    Setting {
        key: "secretsDirectory",
        is_list: false,
        flag: |flags| one(&flags.secrets_directory),
        read: |config, texts| {
            filled(&texts[0]).map(|path| config.secrets_directory = Some(path.into()))
        },
    },
    Setting {
        key: "retention",
        is_list: false,
        flag: |flags| one(&flags.retention),
        read: |config, texts| retention(&texts[0]).map(|kept| config.retention = kept),
    },
    Setting {
        key: "bodyBytesMax",
        is_list: false,
        flag: |flags| one(&flags.body_bytes_max),
        read: |config, texts| body_bytes(&texts[0]).map(|bytes| config.body_bytes_max = bytes),
    },
    Setting {
        key: "hosts",
        is_list: true,
        flag: |flags| flags.hosts.clone(),
        read: |config, texts| {
            let hosts: Result<_, _> = texts.iter().map(|text| host(text)).collect();
            hosts.map(|hosts| config.hosts = hosts)
        },
    },
    Setting {
        key: "log",
        is_list: false,
        flag: |flags| one(&flags.log),
        read: |config, texts| log_format(&texts[0]).map(|log| config.log = log),
    },
    Setting {
        key: "logLevel",
        is_list: false,
        flag: |flags| one(&flags.log_level),
        read: |config, texts| log_level(&texts[0]).map(|level| config.log_level = level),
    },
];

impl Setting {
    /// `SEGUE_BODY_BYTES_MAX`.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", words(self.key, '_').to_uppercase())
    }

    /// `body-bytes-max`; a list's flag names one of its members.
    pub fn flag_name(&self) -> String {
        let name = words(self.key, '-');
        match self.is_list {
            true => name.trim_end_matches('s').to_owned(),
            false => name,
        }
    }

    /// The value of its variable as texts: a list has commas.
    pub fn split(&self, value: &str) -> Vec<String> {
        if !self.is_list {
            return vec![value.to_owned()];
        }
        let members = value
            .split(',')
            .map(str::trim)
            .filter(|member| !member.is_empty());
        members.map(str::to_owned).collect()
    }
}

/// `bodyBytesMax` with `between` before what were capitals.
fn words(key: &str, between: char) -> String {
    let mut text = String::new();
    for c in key.chars() {
        if c.is_ascii_uppercase() {
            text.push(between);
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

fn one(flag: &Option<String>) -> Vec<String> {
    flag.iter().cloned().collect()
}

fn filled(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("expected a path, found nothing".to_owned());
    }
    Ok(text.to_owned())
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    let expected =
        || format!("expected an address and a port such as 127.0.0.1:7300, found `{text}`");
    let text = text.replace("localhost:", "127.0.0.1:");
    text.parse().map_err(|_| expected())
}

pub fn profile(text: &str) -> Result<Profile, String> {
    match text {
        "development" => Ok(Profile::Development),
        "production" => Ok(Profile::Production),
        _ => Err(format!(
            "expected development or production, found `{text}`"
        )),
    }
}

/// Checked here so that a mistake is found with the others; what it allows is decided where calls go out.
pub fn network(text: &str) -> Result<String, String> {
    let (address, bits) = text.split_once('/').unwrap_or((text, ""));
    let is_network = match (address.parse(), bits.parse::<u8>()) {
        (Ok(IpAddr::V4(_)), Ok(bits)) => bits <= 32,
        (Ok(IpAddr::V6(_)), Ok(bits)) => bits <= 128,
        _ => false,
    };
    if is_network {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "expected a network such as 10.0.0.0/8, found `{text}`"
        ))
    }
}

fn retention(text: &str) -> Result<Option<Duration>, String> {
    if text == "forever" {
        return Ok(None);
    }
    duration(text)
        .map(Some)
        .map_err(|_| format!("expected a duration such as P30D, or forever, found `{text}`"))
}

/// A positive length of time as ISO 8601 or in words: `PT1H30M`, `90s`. A day has 24 hours.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("expected a duration such as 30s, PT1H or P30D, found `{text}`");
    let span: jiff::Span = text.parse().map_err(|_| wrong())?;
    let length = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong())?;
    let length = Duration::try_from(length).map_err(|_| wrong())?;
    if length.is_zero() {
        Err(wrong())
    } else {
        Ok(length)
    }
}

fn body_bytes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(bytes) if BODY_BYTES.contains(&bytes) => Ok(bytes),
        _ => Err(format!(
            "expected a number of bytes from {} to {}, found `{text}`",
            BODY_BYTES.start(),
            BODY_BYTES.end()
        )),
    }
}

fn host(text: &str) -> Result<String, String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    if !text.is_empty() && text.chars().all(is_part) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "expected a name such as segue.example.com, without scheme and port, found `{text}`"
        ))
    }
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "human" => Ok(LogFormat::Human),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("expected human or json, found `{text}`")),
    }
}

fn log_level(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|_| {
            format!("expected a level such as info, or info,runtime=debug, found `{text}`")
        })
}
