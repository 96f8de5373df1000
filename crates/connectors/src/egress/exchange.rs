//! One request and its reply over the checked client, redirects included.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use url::{Host, Url};

use super::redirect::{self, Next};
use super::{
    Egress, EgressError, REDIRECTS_MAX, REPLY_HEADER_BYTES_MAX, Reply, Request, Trouble, error,
    resolver,
};

/// Whether a part of the exchange may have reached the other side, for whoever gives up waiting.
#[derive(Default)]
pub(super) struct Progress {
    is_dialling: AtomicBool,
    was_answered: AtomicBool,
}

impl Progress {
    pub fn was_sent(&self) -> bool {
        // Once the client has the request, nothing tells whether it is still connecting, so it counts as sent.
        self.was_answered.load(Ordering::Relaxed) || self.is_dialling.load(Ordering::Relaxed)
    }
}

impl Egress {
    pub(super) async fn exchange(
        &self,
        mut request: Request,
        progress: &Progress,
    ) -> Result<Reply, EgressError> {
        for _ in 0..=REDIRECTS_MAX {
            let sent_before = progress.was_answered.load(Ordering::Relaxed);
            let reply = self.hop(&request, progress).await.map_err(|mut error| {
                error.was_sent |= sent_before;
                error
            })?;
            progress.was_answered.store(true, Ordering::Relaxed);
            match redirect::next(request, reply)? {
                Next::Answer(reply) => return Ok(reply),
                Next::Ask(next) => request = next,
            }
        }
        let host = host_of(&request.url);
        Err(Trouble::TooManyRedirects {
            host,
            count_max: REDIRECTS_MAX,
        }
        .sent())
    }

    async fn hop(&self, request: &Request, progress: &Progress) -> Result<Reply, EgressError> {
        self.check_host(&request.url)?;
        let host = host_of(&request.url);
        let mut outgoing =
            reqwest::Request::new(request.method.clone(), self.dialled(&request.url));
        outgoing.headers_mut().extend(request.headers.clone());
        if !request.body.is_empty() {
            *outgoing.body_mut() = Some(request.body.clone().into());
        } else if matches!(
            request.method,
            http::Method::POST | http::Method::PUT | http::Method::PATCH
        ) {
            outgoing
                .headers_mut()
                .insert(CONTENT_LENGTH, http::HeaderValue::from_static("0"));
        }
        let client = self.client()?;
        progress.is_dialling.store(true, Ordering::Relaxed);
        let reply = client
            .execute(outgoing)
            .await
            .map_err(|error| EgressError::from_client(&host, &error))?;
        read(reply, request, host).await
    }

    /// Hosts written as an address never reach the resolver.
    fn check_host(&self, url: &Url) -> Result<(), EgressError> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        let denied = |denied: resolver::Denied| {
            Trouble::Denied {
                host: denied.host,
                rule: denied.rule,
            }
            .unsent()
        };
        self.resolver
            .check_address(&host_of(url), address)
            .map_err(denied)
    }

    /// The URL as it is really dialled: in a simulation, a known host is on loopback and speaks plain HTTP.
    fn dialled(&self, url: &Url) -> Url {
        let mut url = url.clone();
        if url
            .host_str()
            .is_some_and(|host| self.resolver.is_simulated(host))
        {
            // An explicit port would win over the simulated address.
            url.set_port(None)
                .and_then(|()| url.set_scheme("http"))
                .expect("an http URL with a host takes both");
        }
        url
    }
}

async fn read(
    mut reply: reqwest::Response,
    request: &Request,
    host: String,
) -> Result<Reply, EgressError> {
    let bytes_max = request.reply_bytes_max;
    let header_bytes: usize = reply
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if header_bytes > REPLY_HEADER_BYTES_MAX {
        return Err(Trouble::TooLarge {
            host,
            bytes_max: REPLY_HEADER_BYTES_MAX,
        }
        .sent());
    }
    let (status, headers) = (reply.status(), reply.headers().clone());
    let announced = reply.content_length().unwrap_or(0);
    if request.method != http::Method::HEAD && announced > bytes_max as u64 {
        return Err(Trouble::TooLarge { host, bytes_max }.sent());
    }
    let mut body = BytesMut::new();
    loop {
        match reply.chunk().await {
            Ok(None) => break,
            // Checked before it is kept: a decompressed chunk is small, so a bomb stops one chunk behind the limit.
            Ok(Some(chunk)) if body.len() + chunk.len() > bytes_max => {
                return Err(Trouble::TooLarge { host, bytes_max }.sent());
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => {
                return Err(Trouble::Broken {
                    host,
                    cause: error::innermost(&error),
                }
                .sent());
            }
        }
    }
    let body: Bytes = body.freeze();
    Ok(Reply {
        status,
        headers,
        body,
        url: request.url.clone(),
    })
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}
