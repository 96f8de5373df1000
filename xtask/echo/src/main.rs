//! The yardstick of `cargo xtask bench`: axum answering a JSON body with the same JSON, and nothing else.
//!
//! What this reaches on a machine is the most any HTTP program of ours could reach there.

use axum::routing::post;
use axum::{Json, Router};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:7399".to_owned());
    let listener = tokio::net::TcpListener::bind(&address).await?;
    axum::serve(listener, Router::new().route("/", post(echo))).await?;
    Ok(())
}

async fn echo(Json(body): Json<serde_json::Value>) -> Json<serde_json::Value> {
    Json(body)
}
