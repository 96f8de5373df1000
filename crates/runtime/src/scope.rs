//! Who asks, and what they may see.

use std::sync::Arc;

/// The namespaces that a caller may act in. It comes from the caller's token, never from the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Who, for the audit: a token's name.
    pub actor: Arc<str>,
    /// None: every namespace.
    pub namespaces: Option<Arc<[Arc<str>]>>,
}

impl Scope {
    /// Every namespace: the owner, and the program itself.
    #[must_use]
    pub fn all(actor: &str) -> Self {
        Self {
            actor: actor.into(),
            namespaces: None,
        }
    }

    #[must_use]
    pub fn allows(&self, namespace: &str) -> bool {
        self.namespaces
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|name| &**name == namespace))
    }
}
