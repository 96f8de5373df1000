//! How values lie in columns: ids as 16 bytes, lists as bytes, unsigned numbers bit for bit.

use std::sync::Arc;

use rusqlite::Row;
use rusqlite::types::FromSqlError;
use uuid::Uuid;

use crate::{Bytes, RunId, RunStatus, Text};

pub(super) type Sql<T> = rusqlite::Result<T>;

pub(super) fn blob<'a>(row: &'a Row<'_>, column: usize) -> Sql<&'a [u8]> {
    Ok(row.get_ref(column)?.as_blob()?)
}

pub(super) fn bytes(row: &Row<'_>, column: usize) -> Sql<Bytes> {
    Ok(Bytes::from(blob(row, column)?))
}

pub(super) fn text(row: &Row<'_>, column: usize) -> Sql<Text> {
    Ok(Text::from(row.get_ref(column)?.as_str()?))
}

pub(super) fn number(row: &Row<'_>, column: usize) -> Sql<u64> {
    Ok(row.get::<_, i64>(column)?.cast_unsigned())
}

pub(super) fn uuid(row: &Row<'_>, column: usize) -> Sql<Uuid> {
    Ok(Uuid::from_bytes(row.get(column)?))
}

pub(super) fn run_id(row: &Row<'_>, column: usize) -> Sql<RunId> {
    uuid(row, column).map(RunId)
}

pub(super) fn run_id_or_none(row: &Row<'_>, column: usize) -> Sql<Option<RunId>> {
    Ok(row
        .get::<_, Option<[u8; 16]>>(column)?
        .map(|bytes| RunId(Uuid::from_bytes(bytes))))
}

pub(super) fn status(row: &Row<'_>, column: usize) -> Sql<RunStatus> {
    let number: i64 = row.get(column)?;
    let status = u8::try_from(number).ok().and_then(RunStatus::from_number);
    Ok(status.ok_or(FromSqlError::OutOfRange(number))?)
}

/// The ids behind each other; `None` for none.
pub(super) fn join_ids(ids: &[RunId]) -> Option<Vec<u8>> {
    (!ids.is_empty()).then(|| ids.iter().flat_map(|id| id.0.into_bytes()).collect())
}

pub(super) fn split_ids(joined: &[u8]) -> Sql<Vec<RunId>> {
    let (ids, rest) = joined.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(broken("a list of ids").into());
    }
    Ok(ids.iter().map(|id| RunId(Uuid::from_bytes(*id))).collect())
}

/// Each text with its length before it.
pub(super) fn join_texts(texts: &[Text]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(texts.iter().map(|text| text.len() + 4).sum());
    for text in texts {
        let length =
            u32::try_from(text.len()).expect("a text of 4 GiB does not pass the limit of a unit");
        joined.extend_from_slice(&length.to_le_bytes());
        joined.extend_from_slice(text.as_bytes());
    }
    joined
}

pub(super) fn split_texts(mut joined: &[u8]) -> Sql<Vec<Text>> {
    let mut texts = Vec::new();
    while let Some((length, rest)) = joined.split_first_chunk::<4>() {
        let taken = rest.split_at_checked(u32::from_le_bytes(*length) as usize);
        let (text, rest) = taken.ok_or_else(|| broken("a list of texts"))?;
        texts.push(Text::from(
            std::str::from_utf8(text).map_err(FromSqlError::other)?,
        ));
        joined = rest;
    }
    if joined.is_empty() {
        Ok(texts)
    } else {
        Err(broken("a list of texts").into())
    }
}

fn broken(what: &str) -> FromSqlError {
    FromSqlError::Other(
        Arc::<str>::from(format!("{what} is cut off"))
            .to_string()
            .into(),
    )
}
