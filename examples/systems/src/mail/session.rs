//! The conversation of RFC 5321, without a socket: a command line in, a reply out.
//!
//! Knows the order of commands, the addresses and the limits. Reading lines and the data of a mail is left to [`super::smtp`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::Login;
use super::mailbox::Envelope;

pub(super) const MAIL_BYTES_MAX: usize = 10 * 1024 * 1024;
/// RFC 5321, 4.5.3.1.8 asks for at least this many.
pub(super) const RECIPIENTS_MAX: usize = 100;

/// What to do after a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Reply(Reply),
    /// Reply with 354 and read the mail.
    ReadData,
    /// Reply and close.
    Close(Reply),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    pub(super) fn new(code: u16, text: impl Into<String>) -> Self {
        Self {
            code,
            lines: vec![text.into()],
        }
    }

    /// As it goes over the wire: `250-first`, `250 last`.
    pub(super) fn wire(&self) -> String {
        let last = self.lines.len() - 1;
        let line = |(index, text): (usize, &String)| {
            format!(
                "{}{}{text}\r\n",
                self.code,
                if index == last { ' ' } else { '-' }
            )
        };
        self.lines.iter().enumerate().map(line).collect()
    }
}

#[derive(Debug)]
pub(super) struct Session {
    login: Option<Login>,
    is_greeted: bool,
    is_authenticated: bool,
    /// A login was begun with a bare `AUTH PLAIN`; the next line is the credential.
    is_credential_due: bool,
    /// From `MAIL FROM` until the data has been read.
    envelope: Option<Envelope>,
}

impl Session {
    pub(super) fn new(login: Option<Login>) -> Self {
        Self {
            login,
            is_greeted: false,
            is_authenticated: false,
            is_credential_due: false,
            envelope: None,
        }
    }

    /// Takes one line without its end.
    pub(super) fn line(&mut self, line: &str) -> Next {
        if std::mem::take(&mut self.is_credential_due) {
            return Next::Reply(self.credential(line));
        }
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        Next::Reply(match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.hello(rest, true),
            "HELO" => self.hello(rest, false),
            "AUTH" => self.auth(rest),
            "MAIL" => self.mail(rest),
            "RCPT" => self.recipient(rest),
            "DATA" => return self.data(),
            "RSET" => {
                self.envelope = None;
                Reply::new(250, "forgotten")
            }
            "NOOP" => Reply::new(250, "still here"),
            "QUIT" => return Next::Close(Reply::new(221, "goodbye")),
            "VRFY" => Reply::new(252, "send to it and see"),
            "HELP" => Reply::new(214, "EHLO HELO AUTH MAIL RCPT DATA RSET NOOP VRFY QUIT"),
            _ => Reply::new(502, "command not implemented"),
        })
    }

    /// The envelope whose data was announced by [`Next::ReadData`]; the next mail starts anew.
    pub(super) fn take_envelope(&mut self) -> Envelope {
        self.envelope.take().unwrap_or_default()
    }

    fn hello(&mut self, domain: &str, is_extended: bool) -> Reply {
        if domain.is_empty() {
            return Reply::new(501, "say who you are");
        }
        self.is_greeted = true;
        self.envelope = None;
        let mut lines = vec![format!("mail.example greets {domain}")];
        if is_extended {
            lines.extend(["PIPELINING", "8BITMIME", "SMTPUTF8"].map(str::to_owned));
            lines.push(format!("SIZE {MAIL_BYTES_MAX}"));
            if self.login.is_some() {
                lines.push("AUTH PLAIN".to_owned());
            }
        }
        Reply { code: 250, lines }
    }

    fn auth(&mut self, rest: &str) -> Reply {
        let (mechanism, credential) = rest.split_once(' ').unwrap_or((rest, ""));
        if self.login.is_none() {
            return Reply::new(502, "nobody needs to log in here");
        }
        if !self.is_greeted || self.is_authenticated || self.envelope.is_some() {
            return Reply::new(503, "not now");
        }
        if !mechanism.eq_ignore_ascii_case("PLAIN") {
            return Reply::new(504, "only PLAIN is understood");
        }
        if credential.is_empty() {
            self.is_credential_due = true;
            return Reply::new(334, "");
        }
        self.credential(credential)
    }

    /// `[who to act for] NUL user NUL password`, in base64 (RFC 4616).
    fn credential(&mut self, text: &str) -> Reply {
        if text == "*" {
            return Reply::new(501, "login given up");
        }
        let Some(decoded) = BASE64
            .decode(text)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
        else {
            return Reply::new(501, "the credential is not base64");
        };
        let mut parts = decoded.split('\0').skip(1);
        let login = match (parts.next(), parts.next(), parts.next()) {
            (Some(user), Some(password), None) => Login {
                user: user.to_owned(),
                password: password.to_owned(),
            },
            _ => return Reply::new(501, "the credential does not have three parts"),
        };
        if self.login.as_ref() != Some(&login) {
            return Reply::new(535, "user or password is wrong");
        }
        self.is_authenticated = true;
        Reply::new(235, "welcome")
    }

    fn mail(&mut self, rest: &str) -> Reply {
        if !self.is_greeted || self.envelope.is_some() {
            return Reply::new(503, "MAIL comes after EHLO, once for each mail");
        }
        if self.login.is_some() && !self.is_authenticated {
            return Reply::new(530, "log in first");
        }
        let Some((address, parameters)) = after_keyword(rest, "FROM:").and_then(path) else {
            return Reply::new(501, "expected MAIL FROM:<address>");
        };
        for parameter in parameters.split_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name.to_ascii_uppercase().as_str() {
                "SIZE" => match value.parse::<usize>() {
                    Ok(size) if size <= MAIL_BYTES_MAX => {}
                    Ok(_) => {
                        return Reply::new(552, format!("a mail may have {MAIL_BYTES_MAX} bytes"));
                    }
                    Err(_) => return Reply::new(501, "SIZE must be a number"),
                },
                "BODY" | "SMTPUTF8" | "AUTH" => {}
                _ => return Reply::new(555, format!("the parameter {name} is not known")),
            }
        }
        self.envelope = Some(Envelope {
            from: address,
            to: Vec::new(),
        });
        Reply::new(250, "sender noted")
    }

    fn recipient(&mut self, rest: &str) -> Reply {
        let Some(envelope) = &mut self.envelope else {
            return Reply::new(503, "RCPT comes after MAIL");
        };
        match after_keyword(rest, "TO:").and_then(path) {
            Some((_, parameters)) if !parameters.is_empty() => {
                Reply::new(555, "no parameter is known here")
            }
            Some((address, _))
                if address.contains('@') || address.eq_ignore_ascii_case("postmaster") =>
            {
                if envelope.to.len() == RECIPIENTS_MAX {
                    return Reply::new(452, format!("a mail may have {RECIPIENTS_MAX} recipients"));
                }
                envelope.to.push(address);
                Reply::new(250, "recipient noted")
            }
            _ => Reply::new(501, "expected RCPT TO:<address>"),
        }
    }

    fn data(&self) -> Next {
        match &self.envelope {
            Some(envelope) if !envelope.to.is_empty() => Next::ReadData,
            Some(_) => Next::Reply(Reply::new(554, "no recipient was accepted")),
            None => Next::Reply(Reply::new(503, "DATA comes after MAIL and RCPT")),
        }
    }
}

fn after_keyword<'a>(text: &'a str, keyword: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(keyword.len())?;
    head.eq_ignore_ascii_case(keyword)
        .then(|| rest.trim_start())
}

/// `<address>` and what follows. An old source route (`<@relay:address>`) is dropped, as RFC 5321, 4.1.1.3 says.
fn path(text: &str) -> Option<(String, &str)> {
    let (inside, rest) = text
        .strip_prefix('<')?
        .split_at_checked(closing_bracket(text.get(1..)?)?)?;
    let address = match inside
        .strip_prefix('@')
        .and_then(|route| route.split_once(':'))
    {
        Some((_, address)) => address,
        None => inside,
    };
    let is_plain = !address
        .chars()
        .any(|character| character.is_control() || character == '<');
    is_plain.then(|| (address.to_owned(), rest[1..].trim()))
}

/// Where `>` is, not counting those within a quoted local part.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    text.char_indices().find_map(|(index, character)| {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '>' if !is_quoted => return Some(index),
            _ => {}
        }
        None
    })
}

#[cfg(test)]
mod tests;
