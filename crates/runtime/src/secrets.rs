//! Secrets: references everywhere, plaintext only at the last hop.
//!
//! `$secrets.name` is a reference: text that only this server can turn into the secret, and only while a call is sent.
//! It carries a proof made with the server's key, so text that merely looks like one stays text.
//! A secret comes from the first place that has it: the encrypted store, a file, the environment.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connectors::Secrets;
use dsl::Value;
use dsl::value::Text;
use dsl::workflow_error::{ErrorKind, WorkflowError};
use store::{Bytes, Millis, Queries, ResourceRow, StoreError, Write};

/// Resource kind of sealed secrets.
const SECRET: &str = "secret";
/// A reference is `~secret~<name>~<proof>~`: characters that pass unchanged through URIs and headers.
const PREFIX: &str = "~secret~";

pub(crate) struct SecretKeeper {
    key: [u8; 32],
    proof: hmac::Key,
    directory: Option<PathBuf>,
    environment: HashMap<String, String>,
    /// Opened values of the store, by namespace and name.
    stored: RwLock<HashMap<(Text, Text), Arc<str>>>,
}

impl SecretKeeper {
    /// `key` seals stored secrets and proves references.
    pub fn new(
        key: [u8; 32],
        directory: Option<PathBuf>,
        environment: Vec<(String, String)>,
    ) -> Self {
        let proof = hmac::Key::new(
            hmac::HMAC_SHA256,
            &[b"segue reference ".as_slice(), &key].concat(),
        );
        Self {
            key,
            proof,
            directory,
            environment: environment.into_iter().collect(),
            stored: RwLock::default(),
        }
    }

    /// The key of a data directory, made at the first start; its user alone can read it.
    pub fn key_of(directory: &Path) -> std::io::Result<[u8; 32]> {
        let path = directory.join("master.key");
        match std::fs::read_to_string(&path) {
            Ok(text) => decode_key(text.trim())
                .ok_or_else(|| std::io::Error::other(format!("{} holds no key", path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = random()?;
                write_private(&path, &URL_SAFE_NO_PAD.encode(key))?;
                Ok(key)
            }
            Err(error) => Err(error),
        }
    }

    /// Opens what the store holds.
    pub fn load(&self, queries: &dyn Queries) -> Result<(), StoreError> {
        for row in queries.resources(SECRET, None)? {
            match self.unlock(&row) {
                Some(value) => drop(
                    self.stored
                        .write()
                        .expect("no panic while held")
                        .insert((row.namespace, row.name), value),
                ),
                None => {
                    tracing::error!(secret = %row.name, "a stored secret does not open with this server's key")
                }
            }
        }
        Ok(())
    }

    /// The write that keeps a secret, sealed.
    pub fn put(
        &self,
        namespace: &str,
        name: &str,
        value: &str,
        at: Millis,
    ) -> std::io::Result<Write> {
        let nonce: [u8; 12] = random()?;
        let mut sealed = value.as_bytes().to_vec();
        let key = self.aead();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place(namespace, name)),
            &mut sealed,
        )
        .map_err(|_| std::io::Error::other("sealing failed"))?;
        let body: Bytes = [nonce.as_slice(), &sealed].concat().into();
        Ok(Write::ResourcePut(ResourceRow {
            kind: SECRET.into(),
            namespace: namespace.into(),
            name: name.into(),
            body,
            updated_at: at,
        }))
    }

    /// After the write is on disk.
    pub fn keep(&self, namespace: &str, name: &str, value: &str) {
        self.stored
            .write()
            .expect("no panic while held")
            .insert((namespace.into(), name.into()), value.into());
    }

    pub fn remove(namespace: &str, name: &str) -> Write {
        Write::ResourceRemove {
            kind: SECRET.into(),
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    pub fn drop_kept(&self, namespace: &str, name: &str) {
        self.stored
            .write()
            .expect("no panic while held")
            .remove(&(namespace.into(), name.into()));
    }

    pub fn names(&self, namespace: &str) -> Vec<String> {
        let stored = self.stored.read().expect("no panic while held");
        let mut names: Vec<String> = stored
            .keys()
            .filter(|(known, _)| **known == *namespace)
            .map(|(_, name)| name.to_string())
            .collect();
        names.extend(self.environment.keys().cloned());
        if let Some(entries) = self
            .directory
            .as_ref()
            .and_then(|directory| std::fs::read_dir(directory).ok())
        {
            names.extend(
                entries
                    .flatten()
                    .filter_map(|entry| entry.file_name().into_string().ok()),
            );
        }
        names.sort();
        names.dedup();
        names
    }

    /// `$secrets` for a workflow that may use `names`: those that exist, as references.
    pub fn references(&self, namespace: &str, names: &[Text]) -> Value {
        if names.is_empty() {
            return Value::Null;
        }
        let known = names
            .iter()
            .filter(|name| self.plain(namespace, name).is_some());
        Value::object(
            known.map(|name| (name.clone(), Value::from(self.reference(namespace, name)))),
        )
    }

    fn reference(&self, namespace: &str, name: &str) -> String {
        format!("{PREFIX}{name}~{}~", self.proof_of(namespace, name))
    }

    fn proof_of(&self, namespace: &str, name: &str) -> String {
        let tag = hmac::sign(&self.proof, place(namespace, name).as_bytes());
        URL_SAFE_NO_PAD.encode(&tag.as_ref()[..18])
    }

    fn plain(&self, namespace: &str, name: &str) -> Option<Arc<str>> {
        if let Some(value) = self
            .stored
            .read()
            .expect("no panic while held")
            .get(&(namespace.into(), name.into()))
        {
            return Some(value.clone());
        }
        if let Some(directory) = &self.directory
            && is_file_name(name)
            && let Ok(text) = std::fs::read_to_string(directory.join(name))
        {
            return Some(text.trim_end_matches(['\r', '\n']).into());
        }
        self.environment
            .get(name)
            .map(|value| value.as_str().into())
    }

    fn aead(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.key).expect("the key has 32 bytes"))
    }

    fn unlock(&self, row: &ResourceRow) -> Option<Arc<str>> {
        let (nonce, sealed) = row.body.split_first_chunk::<12>()?;
        let mut sealed = sealed.to_vec();
        let aad = Aad::from(place(&row.namespace, &row.name));
        let opened = self
            .aead()
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut sealed)
            .ok()?;
        std::str::from_utf8(opened).ok().map(Into::into)
    }
}

impl Secrets for SecretKeeper {
    fn open(&self, namespace: &str, name: &str, _host: &str) -> Result<Value, WorkflowError> {
        let value = self.plain(namespace, name).ok_or_else(|| unknown(name))?;
        // A secret written as a JSON object has members, such as a user name and a password.
        match Value::parse_json(value.as_bytes()) {
            Ok(object @ Value::Object(_)) => Ok(object),
            _ => Ok(Value::String(value)),
        }
    }

    fn unseal(
        &self,
        namespace: &str,
        text: &str,
        host: &str,
        opened: &mut Vec<Value>,
    ) -> Result<String, WorkflowError> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(PREFIX) {
            out.push_str(&rest[..start]);
            let inner = &rest[start + PREFIX.len()..];
            let mut parts = inner.splitn(3, '~');
            match (parts.next(), parts.next(), parts.next()) {
                (Some(name), Some(proof), Some(after))
                    if proof == self.proof_of(namespace, name) =>
                {
                    let value = self.open(namespace, name, host)?;
                    out.push_str(
                        &value
                            .as_str()
                            .map_or_else(|| value.to_json(), str::to_owned),
                    );
                    opened.push(value);
                    rest = after;
                }
                // Not ours: text that only looks like a reference.
                _ => {
                    out.push_str(PREFIX);
                    rest = inner;
                }
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

fn unknown(name: &str) -> WorkflowError {
    WorkflowError::new(
        ErrorKind::Authorization,
        "Secret not available",
        format!("there is no secret `{name}` for this namespace"),
    )
}

fn place(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}")
}

fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

pub(crate) fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| std::io::Error::other("the system gives no randomness"))?;
    Ok(bytes)
}

fn decode_key(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Writes a file that only its user can read.
pub(crate) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}
