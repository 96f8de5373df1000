//! Which server, and with which token: from flags, the environment, and the data directory.

use std::path::Path;

use reqwest::Url;

use super::{ADDRESS_FILE, TOKEN_FILE};
use crate::arguments::Target;
use crate::failure::Failure;

const DEFAULT_SERVER: &str = "http://127.0.0.1:7300";
const DEFAULT_DATA: &str = ".segue";

/// A server's address and the token for it.
#[derive(Debug)]
pub struct Found {
    pub base: Url,
    pub token: Option<String>,
    /// Where the token is from, in words.
    pub token_origin: String,
}

impl Found {
    pub fn is_local(&self) -> bool {
        is_local(&self.base)
    }
}

pub fn find(target: &Target) -> Result<Found, Failure> {
    find_beside(target, Path::new(DEFAULT_DATA))
}

/// `nearby` is the data directory of whoever names none.
pub fn find_beside(target: &Target, nearby: &Path) -> Result<Found, Failure> {
    let data = target.data.clone().unwrap_or_else(|| nearby.to_owned());
    if target.data.is_some() && !data.is_dir() {
        return Err(Failure::unavailable(format!(
            "there is no data directory {}",
            data.display()
        )));
    }
    let from_directory = read_line(&data.join(ADDRESS_FILE))?;
    // A folder that somebody gave you may hold such a file: by itself it leads to no other machine.
    let from_directory = from_directory.filter(|text| {
        target.data.is_some() || parse(text).is_ok_and(|address| is_local(&address))
    });
    let given = target.server.as_deref().or(from_directory.as_deref());
    let base = parse(given.unwrap_or(DEFAULT_SERVER))?;
    if let Some(token) = &target.token.0 {
        return Ok(Found {
            base,
            token: Some(token.clone()),
            token_origin: "SEGUE_TOKEN".to_owned(),
        });
    }
    // The directory's token is the owner's: it is not shown to whatever a variable happens to name.
    let may_use = target.server.is_none() || target.data.is_some() || is_local(&base);
    let file = data.join(TOKEN_FILE);
    let token = if may_use { read_line(&file)? } else { None };
    Ok(Found {
        base,
        token,
        token_origin: file.display().to_string(),
    })
}

fn parse(text: &str) -> Result<Url, Failure> {
    let usage =
        |why: &str| Failure::usage(format!("`{text}` is not the address of a server: {why}"));
    let url = Url::parse(text).map_err(|error| usage(&error.to_string()))?;
    if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
        return Err(usage("expected something like http://127.0.0.1:7300"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(usage("expected no query and no fragment"));
    }
    Ok(url)
}

fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// The file's only line; none when there is no such file.
fn read_line(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file("read", path, &error)),
    }
}
