//! `Idempotency-Key`: the same key makes one effect, however often the request comes.
//!
//! The first answer is stored in the transaction that makes the effect, and given again (with status 200 and
//! `Idempotency-Replayed: true`) to every later request with that key. The same key with another body is refused,
//! as the IETF draft on the header asks for.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::Serialize;
use serde_json::Value;

use crate::problem::Problem;

pub(crate) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS idempotency (
        scope TEXT NOT NULL,
        key TEXT NOT NULL,
        request TEXT NOT NULL,
        location TEXT NOT NULL,
        answer TEXT NOT NULL,
        PRIMARY KEY (scope, key)
    ) STRICT;";

const KEY_BYTES_MAX: usize = 255;

/// What a request made, or had made before.
pub(crate) struct Made {
    is_new: bool,
    location: String,
    answer: Value,
}

impl IntoResponse for Made {
    fn into_response(self) -> Response {
        let status = if self.is_new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let mut response = (status, Json(self.answer)).into_response();
        if let Ok(location) = HeaderValue::from_str(&self.location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        if !self.is_new {
            let name = HeaderName::from_static("idempotency-replayed");
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static("true"));
        }
        response
    }
}

/// Performs `effect` unless the key of `headers` has already performed it within `scope`.
///
/// `effect` answers with where the new thing is and what it looks like. Without a key it is always performed.
pub(crate) fn once(
    transaction: &Transaction<'_>,
    headers: &HeaderMap,
    scope: &str,
    request: &impl Serialize,
    effect: impl FnOnce(&Transaction<'_>) -> Result<(String, Value), Problem>,
) -> Result<Made, Problem> {
    let Some(key) = key(headers)? else {
        let (location, answer) = effect(transaction)?;
        return Ok(Made {
            is_new: true,
            location,
            answer,
        });
    };
    let request = serde_json::to_string(request)?;
    if let Some(made) = made_before(transaction, scope, key, &request)? {
        return Ok(made);
    }
    let (location, answer) = effect(transaction)?;
    transaction.execute(
        "INSERT INTO idempotency (scope, key, request, location, answer) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![scope, key, request, location, answer.to_string()],
    )?;
    Ok(Made {
        is_new: true,
        location,
        answer,
    })
}

fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= KEY_BYTES_MAX => Ok(Some(key)),
        _ => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "idempotency-key",
            format!("`Idempotency-Key` must be 1 to {KEY_BYTES_MAX} visible ASCII characters"),
        )),
    }
}

fn made_before(
    transaction: &Transaction<'_>,
    scope: &str,
    key: &str,
    request: &str,
) -> Result<Option<Made>, Problem> {
    let stored = transaction
        .query_row(
            "SELECT request, location, answer FROM idempotency WHERE scope = ?1 AND key = ?2",
            params![scope, key],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                ))
            },
        )
        .optional()?;
    let Some((first_request, location, answer)) = stored else {
        return Ok(None);
    };
    if first_request != request {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency-key-reused",
            format!("the key `{key}` was first used with another body"),
        ));
    }
    Ok(Some(Made {
        is_new: false,
        location,
        answer: serde_json::from_str(&answer)?,
    }))
}
