//! The SMTP socket: accepting connections, reading lines and the data of mails within limits.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Login;
use super::mailbox::Mailbox;
use super::session::{MAIL_BYTES_MAX, Next, Reply, Session};
use crate::front::faults::{Faults, Moment};
use crate::serve::Stopped;

/// RFC 5321, 4.5.3.1.4 asks for 512, and extensions add to it.
const COMMAND_BYTES_MAX: u64 = 2_048;
/// How much of the data is looked at in one piece; a longer line is simply several pieces.
const PIECE_BYTES_MAX: u64 = 16 * 1024;
/// Further clients wait in the socket's queue.
const CONVERSATIONS_MAX: usize = 256;
/// RFC 5321, 4.5.3.2.7.
const IDLE: Duration = Duration::from_secs(5 * 60);

#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    pub(super) mailbox: Mailbox,
    pub(super) login: Option<Login>,
    pub(super) faults: Faults,
}

impl Receiver {
    /// Accepts connections until told to stop; open conversations are then cut off, and their clients must come again.
    pub(crate) async fn serve(self, listener: TcpListener, stopped: Stopped) {
        let mut conversations = JoinSet::new();
        let stopped = stopped.wait();
        tokio::pin!(stopped);
        loop {
            tokio::select! {
                () = &mut stopped => break,
                Some(_) = conversations.join_next(), if !conversations.is_empty() => {}
                accepted = listener.accept(), if conversations.len() < CONVERSATIONS_MAX => match accepted {
                    Ok((stream, _)) => {
                        let receiver = self.clone();
                        // A client that goes away in the middle is not our trouble.
                        conversations.spawn(async move { receiver.converse(stream).await.is_ok() });
                    }
                    // Out of file descriptors, most likely: the next conversation that ends frees one.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
            }
        }
        conversations.shutdown().await;
    }

    async fn converse(&self, stream: TcpStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut session = Session::new(self.login.clone());
        say(
            &mut stream,
            &Reply::new(220, "mail.example ESMTP, keeps what it gets"),
        )
        .await?;
        loop {
            let next = match timeout(IDLE, read_command(&mut stream)).await {
                Ok(line) => match line? {
                    Some(Line::Command(line)) => session.line(&line),
                    Some(Line::TooLong) => Next::Reply(Reply::new(500, "the line is too long")),
                    None => return Ok(()),
                },
                Err(_) => Next::Close(Reply::new(421, "nothing was said for too long")),
            };
            match next {
                Next::Reply(reply) => say(&mut stream, &reply).await?,
                Next::Close(reply) => return say(&mut stream, &reply).await,
                Next::ReadData => {
                    say(
                        &mut stream,
                        &Reply::new(354, "end with a line that holds a dot only"),
                    )
                    .await?;
                    let Ok(data) = timeout(IDLE, read_data(&mut stream)).await else {
                        return Ok(());
                    };
                    let reply = self.keep(&mut session, data?).await;
                    say(&mut stream, &reply).await?;
                }
            }
        }
    }

    async fn keep(&self, session: &mut Session, data: Option<Vec<u8>>) -> Reply {
        let envelope = session.take_envelope();
        let Some(data) = data else {
            return Reply::new(552, format!("a mail may have {MAIL_BYTES_MAX} bytes"));
        };
        let fault = self.faults.take("SMTP", "");
        let spoilt = fault.as_ref().and_then(|fault| fault.status);
        let is_kept = spoilt.is_none()
            || fault
                .as_ref()
                .is_some_and(|fault| fault.when == Moment::After);
        let reply = match is_kept.then(|| self.mailbox.keep(&envelope, &data)) {
            Some(Ok(number)) => Reply::new(250, format!("kept as number {number}")),
            Some(Err(error)) => Reply::new(451, format!("cannot be kept: {error}")),
            None => Reply::new(451, "not kept"),
        };
        if let Some(fault) = &fault {
            tokio::time::sleep(fault.delay()).await;
        }
        spoilt.map_or(reply, |code| Reply::new(code, "this reply was ordered"))
    }
}

async fn say(stream: &mut BufReader<TcpStream>, reply: &Reply) -> io::Result<()> {
    stream.get_mut().write_all(reply.wire().as_bytes()).await
}

enum Line {
    Command(String),
    TooLong,
}

/// A line without its end; nothing when the client is gone.
async fn read_command(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Line>> {
    let mut is_too_long = false;
    loop {
        let mut line = Vec::new();
        if (&mut *stream)
            .take(COMMAND_BYTES_MAX)
            .read_until(b'\n', &mut line)
            .await?
            == 0
        {
            return Ok(None);
        }
        if !line.ends_with(b"\n") {
            is_too_long = true;
            continue;
        }
        if is_too_long {
            return Ok(Some(Line::TooLong));
        }
        return Ok(Some(Line::Command(
            String::from_utf8_lossy(&line).trim_end().to_owned(),
        )));
    }
}

/// The mail up to the line with a single dot, with doubled dots undone; nothing when it is larger than allowed.
///
/// Only CR LF ends a line here. Whoever takes a bare LF for one reads two mails where the sender wrote one.
async fn read_data(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut data = Vec::new();
    let mut is_too_large = false;
    let mut is_line_start = true;
    loop {
        let mut piece = Vec::new();
        if (&mut *stream)
            .take(PIECE_BYTES_MAX)
            .read_until(b'\n', &mut piece)
            .await?
            == 0
        {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if is_line_start && piece == b".\r\n" {
            return Ok((!is_too_large).then_some(data));
        }
        let text = if is_line_start && piece.starts_with(b".") {
            &piece[1..]
        } else {
            &piece[..]
        };
        is_too_large |= data.len() + text.len() > MAIL_BYTES_MAX;
        if !is_too_large {
            data.extend_from_slice(text);
        }
        is_line_start = piece.ends_with(b"\r\n");
    }
}

#[cfg(test)]
mod tests;
