//! A server inside this process, for what needs no other.

use std::sync::Arc;
use std::time::Duration;

use runtime::{Options, Profile, RuntimeError, Scope, Server, StoreError};

use crate::failure::{self, Failure};
use crate::findings::Finding;

/// Who acts, in the audit.
pub const ACTOR: &str = "cli";

pub async fn start(options: Options) -> Result<Arc<Server>, Failure> {
    Server::start(options).await.map_err(|error| {
        let help = match &error {
            RuntimeError::Store(error) => store_help(error),
            _ => None,
        };
        let failure = failure::of_runtime(error, None);
        match help {
            Some(help) => failure.help(help),
            None => failure,
        }
    })
}

/// What to do about data that cannot be used.
fn store_help(error: &StoreError) -> Option<String> {
    match error {
        StoreError::InUse { directory } => Some(format!(
            "a server is running on it; ask that one: `segue runs --data {directory}`"
        )),
        StoreError::Newer { .. } => {
            Some("use the program that wrote it, or a newer one; nothing was changed".to_owned())
        }
        StoreError::Damaged { .. } => {
            Some("nothing was changed; put back a copy of the directory that is whole".to_owned())
        }
        StoreError::Unusable { .. } => Some(
            "choose a directory on a local disk that this user may write to, with `--data`"
                .to_owned(),
        ),
        _ => None,
    }
}

/// A server that only says what is wrong with resources. Started when the first is asked about; to be closed.
#[derive(Default)]
pub struct Scratch(Option<Arc<Server>>);

impl Scratch {
    pub async fn check_resources(&mut self, text: &str) -> Result<Vec<Finding>, Failure> {
        let server = match &self.0 {
            Some(server) => server.clone(),
            None => {
                let options = Options {
                    profile: Profile::Production,
                    ..Options::default()
                };
                self.0.insert(start(options).await?).clone()
            }
        };
        match server.apply_resources(&Scope::all(ACTOR), text).await {
            Ok(_) => Ok(Vec::new()),
            Err(RuntimeError::InvalidResource { problems, .. }) => {
                Ok(problems.iter().map(Finding::from).collect())
            }
            Err(error) => Err(failure::of_runtime(error, None)),
        }
    }

    /// Ends it: a server keeps itself going until it is told to stop.
    pub async fn close(self) {
        if let Some(server) = self.0 {
            server.stop(Duration::ZERO).await;
        }
    }
}
