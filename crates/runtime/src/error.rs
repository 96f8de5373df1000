//! What a face has to tell its user when something cannot be done.

use dsl::Problem;
use dsl::definition::data::Violation;
use store::{RunId, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// Nothing there, or nothing that the caller may see.
    #[error("there is no {what} `{name}`")]
    NotFound { what: &'static str, name: String },
    #[error("the definition is not valid")]
    InvalidDefinition { problems: Vec<Problem> },
    /// A file of a project folder is not valid.
    #[error("{} is not valid", path.display())]
    InvalidFile {
        path: std::path::PathBuf,
        problems: Vec<Problem>,
    },
    #[error("a resource is not valid: {message}")]
    InvalidResource {
        message: String,
        problems: Vec<Problem>,
    },
    /// The input breaks the schema; nothing was started.
    #[error("the input is not valid")]
    InvalidInput { violations: Vec<Violation> },
    /// The same version exists with another text.
    #[error("{what}")]
    Conflict { what: String },
    /// The same idempotency key came with another body.
    #[error("the key `{key}` was used for another body, by run {run}")]
    KeyReused { key: String, run: RunId },
    #[error("the run has ended as {status}")]
    Ended { status: &'static str },
    #[error("{what}")]
    BadRequest { what: String },
    #[error("{what}")]
    Unauthorized { what: String },
    #[error("the body has more than {limit} bytes")]
    TooLarge { limit: usize },
    /// Come back later; nothing was done.
    #[error("too much waits to be written; try again")]
    Overloaded,
    #[error("the server is stopping")]
    Stopping,
    /// Something it needs is not there, such as the secret of a source; nothing was done.
    #[error("{what}")]
    Unavailable { what: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}
