//! Digest authentication: the answer to a server's challenge.
//!
//! Source: RFC 7616. Spoken: MD5 and SHA-256, plain and `-sess`, with `qop=auth` or, as in RFC 2069, none.

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::egress::Request;

pub(super) struct Challenge {
    algorithm: Algorithm,
    is_session: bool,
    has_qop: bool,
    realm: String,
    nonce: String,
    opaque: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Algorithm {
    Md5,
    Sha256,
}

impl Challenge {
    /// The challenge with the strongest hash of those that we can answer.
    pub fn strongest<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        headers
            .flat_map(split_challenges)
            .filter_map(|text| Self::parse(&text))
            .max_by_key(|found| found.algorithm)
    }

    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let parameters = parameters(rest);
        let get = |name: &str| {
            parameters
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        };
        let named = get("algorithm")
            .unwrap_or_else(|| "MD5".to_owned())
            .to_ascii_uppercase();
        let (name, is_session) = named
            .strip_suffix("-SESS")
            .map_or((named.as_str(), false), |name| (name, true));
        let algorithm = match name {
            "MD5" => Algorithm::Md5,
            "SHA-256" => Algorithm::Sha256,
            _ => return None,
        };
        let qop = get("qop");
        let has_qop = qop.is_some();
        if qop.is_some_and(|qop| {
            !qop.split(',')
                .any(|one| one.trim().eq_ignore_ascii_case("auth"))
        }) {
            return None;
        }
        Some(Self {
            algorithm,
            is_session,
            has_qop,
            realm: get("realm")?,
            nonce: get("nonce")?,
            opaque: get("opaque"),
        })
    }

    /// The value of `Authorization`.
    pub fn answer(
        &self,
        username: &str,
        password: &str,
        request: &Request,
        client_nonce: &str,
    ) -> String {
        let uri = request.url.query().map_or_else(
            || request.url.path().to_owned(),
            |query| format!("{}?{query}", request.url.path()),
        );
        let Self { realm, nonce, .. } = self;
        let mut first = self.hash(&format!("{username}:{realm}:{password}"));
        if self.is_session {
            first = self.hash(&format!("{first}:{nonce}:{client_nonce}"));
        }
        let second = self.hash(&format!("{}:{uri}", request.method));
        let response = if self.has_qop {
            self.hash(&format!(
                "{first}:{nonce}:00000001:{client_nonce}:auth:{second}"
            ))
        } else {
            self.hash(&format!("{first}:{nonce}:{second}"))
        };
        let algorithm = match (self.algorithm, self.is_session) {
            (Algorithm::Md5, false) => "MD5",
            (Algorithm::Md5, true) => "MD5-sess",
            (Algorithm::Sha256, false) => "SHA-256",
            (Algorithm::Sha256, true) => "SHA-256-sess",
        };
        let mut out = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", algorithm={algorithm}, response=\"{response}\"",
            escaped(username),
            escaped(realm),
            escaped(nonce),
        );
        if self.has_qop {
            out.push_str(&format!(
                ", qop=auth, nc=00000001, cnonce=\"{client_nonce}\""
            ));
        }
        if let Some(opaque) = &self.opaque {
            out.push_str(&format!(", opaque=\"{}\"", escaped(opaque)));
        }
        out
    }

    fn hash(&self, text: &str) -> String {
        match self.algorithm {
            Algorithm::Md5 => hex(&Md5::digest(text)),
            Algorithm::Sha256 => hex(&Sha256::digest(text)),
        }
    }
}

/// A fresh client nonce.
pub(super) fn nonce() -> String {
    let mut bytes = [0; 16];
    let random = rustls::crypto::aws_lc_rs::default_provider().secure_random;
    // Without randomness the nonce only loses its guard against chosen text, so a constant is still a valid answer.
    let _ = random.fill(&mut bytes);
    hex(&bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// One header may hold several challenges: a part that starts with a word and a blank opens the next one.
fn split_challenges(header: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for part in split_outside_quotes(header) {
        let head = part.split('=').next().unwrap_or_default().trim();
        match out.last_mut() {
            Some(last) if !head.contains(' ') && part.contains('=') => {
                last.push(',');
                last.push_str(part);
            }
            _ => out.push(part.trim().to_owned()),
        }
    }
    out
}

fn split_outside_quotes(text: &str) -> Vec<&str> {
    let (mut out, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => {
                out.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(&text[start..]);
    out
}

fn parameters(text: &str) -> Vec<(String, String)> {
    let one = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim();
        let value = match value
            .strip_prefix('"')
            .and_then(|inner| inner.strip_suffix('"'))
        {
            Some(inner) => unescaped(inner),
            None => value.to_owned(),
        };
        Some((name.trim().to_ascii_lowercase(), value))
    };
    split_outside_quotes(text)
        .into_iter()
        .filter_map(one)
        .collect()
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' {
            chars.next().unwrap_or('\\')
        } else {
            c
        });
    }
    out
}

#[cfg(test)]
mod tests;
