//! The kept mails: one `.eml` file each, or in memory.
//!
//! A file begins with the trace headers that final delivery adds (`Return-Path`, `Delivered-To`), so that it tells the
//! envelope too and nothing else has to be stored.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::StartError;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Empty for a notification, which nobody may answer.
    pub(super) from: String,
    pub(super) to: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Mail {
    pub(super) number: u64,
    pub(super) envelope: Envelope,
    pub(super) content: Arc<[u8]>,
}

impl Mail {
    pub(super) fn file_name(&self) -> String {
        format!("{:06}.eml", self.number)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Mailbox {
    folder: Option<PathBuf>,
    mails: Arc<Mutex<Vec<Mail>>>,
    changed: watch::Sender<usize>,
}

impl Mailbox {
    /// Opens the folder `mails` in `data` with what is already in it.
    pub(super) fn open(data: Option<&Path>) -> Result<Self, StartError> {
        let folder = data.map(|data| data.join("mails"));
        let mails = match &folder {
            Some(folder) => load(folder).map_err(|source| StartError::Folder {
                folder: folder.clone(),
                source,
            })?,
            None => Vec::new(),
        };
        Ok(Self {
            folder,
            mails: Arc::new(Mutex::new(mails)),
            changed: watch::Sender::new(0),
        })
    }

    /// Keeps a mail; when this returns it is on disk, so that it may be acknowledged.
    pub(super) fn keep(&self, envelope: &Envelope, data: &[u8]) -> io::Result<u64> {
        let mut content = trace(envelope).into_bytes();
        content.extend_from_slice(data);
        let mut mails = self.lock();
        let number = mails.last().map_or(1, |last| last.number + 1);
        let mail = Mail {
            number,
            envelope: envelope.clone(),
            content: content.into(),
        };
        if let Some(folder) = &self.folder {
            let mut file = File::create_new(folder.join(mail.file_name()))?;
            file.write_all(&mail.content)?;
            file.sync_all()?;
        }
        mails.push(mail);
        drop(mails);
        self.changed.send_modify(|count| *count += 1);
        Ok(number)
    }

    pub(super) fn all(&self) -> Vec<Mail> {
        self.lock().clone()
    }

    pub(super) fn one(&self, number: u64) -> Option<Mail> {
        self.lock()
            .iter()
            .find(|mail| mail.number == number)
            .cloned()
    }

    pub(super) fn changes(&self) -> watch::Receiver<usize> {
        self.changed.subscribe()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn trace(envelope: &Envelope) -> String {
    let delivered: String = envelope
        .to
        .iter()
        .map(|to| format!("Delivered-To: {to}\r\n"))
        .collect();
    format!("Return-Path: <{}>\r\n{delivered}", envelope.from)
}

fn load(folder: &Path) -> io::Result<Vec<Mail>> {
    fs::create_dir_all(folder)?;
    let mut mails = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_suffix(".eml"));
        let Some(number) = number.and_then(|number| number.parse().ok()) else {
            continue;
        };
        let content = fs::read(&path)?;
        mails.push(Mail {
            number,
            envelope: envelope_of(&content),
            content: content.into(),
        });
    }
    mails.sort_by_key(|mail: &Mail| mail.number);
    Ok(mails)
}

/// Reads back what [`trace`] wrote.
fn envelope_of(content: &[u8]) -> Envelope {
    let mut envelope = Envelope::default();
    for line in String::from_utf8_lossy(content).lines() {
        if let Some(from) = line.strip_prefix("Return-Path: <") {
            envelope.from = from.trim_end_matches('>').to_owned();
        } else if let Some(to) = line.strip_prefix("Delivered-To: ") {
            envelope.to.push(to.to_owned());
        } else {
            break;
        }
    }
    envelope
}
