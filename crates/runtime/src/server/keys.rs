//! Secrets, and the token of the owner.

use super::{Server, sha256};
use crate::clock::millis;
use crate::error::RuntimeError;
use crate::scope::Scope;
use crate::secrets::SecretKeeper;

impl Server {
    pub async fn put_secret(
        &self,
        scope: &Scope,
        namespace: &str,
        name: &str,
        value: &str,
    ) -> Result<(), RuntimeError> {
        self.allow(scope, namespace)?;
        let sealed = self
            .core
            .secrets
            .put(namespace, name, value, millis(self.core.clock.now()));
        let sealed = sealed.map_err(|error| RuntimeError::Unavailable {
            what: error.to_string(),
        })?;
        self.write(vec![
            sealed,
            self.audit(scope, namespace, "secret.put", name),
        ])
        .await?;
        self.core.secrets.keep(namespace, name, value);
        Ok(())
    }

    pub async fn remove_secret(
        &self,
        scope: &Scope,
        namespace: &str,
        name: &str,
    ) -> Result<(), RuntimeError> {
        self.allow(scope, namespace)?;
        self.write(vec![
            SecretKeeper::remove(namespace, name),
            self.audit(scope, namespace, "secret.remove", name),
        ])
        .await?;
        self.core.secrets.drop_kept(namespace, name);
        Ok(())
    }

    /// Names only; a value is never given back.
    pub fn secret_names(
        &self,
        scope: &Scope,
        namespace: &str,
    ) -> Result<Vec<String>, RuntimeError> {
        self.allow(scope, namespace)?;
        Ok(self.core.secrets.names(namespace))
    }

    /// The scope behind a bearer token, if it is known.
    pub fn authenticate(&self, token: &str) -> Option<Scope> {
        let digest = sha256(token.as_bytes());
        let is_owner =
            aws_lc_rs::constant_time::verify_slices_are_equal(&digest, &self.owner.digest).is_ok();
        is_owner.then(|| Scope::all("owner"))
    }

    /// The owner's token, made at the first start and kept beside the data, readable by its user only.
    pub fn owner_token(&self) -> Option<String> {
        self.owner.token.clone()
    }
}

/// The owner's token and what proves others.
pub(super) struct Owner {
    pub(super) token: Option<String>,
    pub(super) digest: [u8; 32],
}

impl Owner {
    pub(super) fn of(directory: Option<&std::path::Path>) -> std::io::Result<Self> {
        use base64::Engine as _;
        let Some(directory) = directory else {
            return Ok(Self {
                token: None,
                digest: [0; 32],
            });
        };
        let path = directory.join("owner-token");
        let token = match std::fs::read_to_string(&path) {
            Ok(text) => text.trim().to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let random: [u8; 32] = crate::secrets::random()?;
                let token = format!(
                    "segue_{}",
                    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random)
                );
                crate::secrets::write_private(&path, &token)?;
                token
            }
            Err(error) => return Err(error),
        };
        Ok(Self {
            digest: sha256(token.as_bytes()),
            token: Some(token),
        })
    }
}
