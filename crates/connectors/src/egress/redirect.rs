//! What follows a reply: the answer itself, or another request that carries no more than it may.
//!
//! Source: RFC 9110, section 15.4 (which method goes on); the Fetch standard, HTTP-redirect fetch (what another origin must not see).

use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION,
    CONTENT_TYPE, COOKIE, LOCATION, PROXY_AUTHORIZATION,
};
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use super::{EgressError, Redirects, Reply, Request, Trouble, check_url};

pub(super) enum Next {
    Answer(Reply),
    Ask(Request),
}

pub(super) fn next(mut request: Request, reply: Reply) -> Result<Next, EgressError> {
    let is_redirect = matches!(reply.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = reply
        .headers
        .get(LOCATION)
        .filter(|_| is_redirect && request.redirects != Redirects::Return);
    let Some(location) = location else {
        return Ok(Next::Answer(reply));
    };

    let from = request.url.clone();
    let host = from.host_str().unwrap_or_default().to_owned();
    let to = location.to_str().unwrap_or_default().to_owned();
    let refuse = |to: &str, reason| {
        Trouble::RedirectRefused {
            host: host.clone(),
            to: to.to_owned(),
            reason,
        }
        .sent()
    };
    let target = resolve(&from, &to).map_err(|reason| refuse(&super::shown(&to), reason))?;
    let target_host = target.host_str().unwrap_or_default().to_owned();
    if let Redirects::FollowWithin(hosts) = &request.redirects
        && !hosts
            .iter()
            .any(|host| host.eq_ignore_ascii_case(&target_host))
    {
        return Err(refuse(
            &target_host,
            "the connection does not list this host",
        ));
    }

    change_method(&mut request, reply.status);
    if target.origin() != from.origin() {
        if request.is_body_sensitive && !request.body.is_empty() {
            return Err(refuse(
                &target_host,
                "the body holds a secret of the first host",
            ));
        }
        drop_credentials(&mut request.headers);
    }
    request.url = target;
    Ok(Next::Ask(request))
}

fn resolve(from: &Url, location: &str) -> Result<Url, &'static str> {
    if location.is_empty() || location.len() > super::URL_BYTES_MAX {
        return Err("the address is empty, unreadable or too long");
    }
    if location.chars().any(|c| c.is_control() || c == '\\') {
        return Err("the address holds a control character or a backslash");
    }
    let mut target = from
        .join(location)
        .map_err(|_| "the address cannot be read")?;
    check_url(&target)?;
    target.set_fragment(None);
    Ok(target)
}

/// 303 asks for the result by GET; 301 and 302 do the same to a POST by long custom; 307 and 308 repeat the request.
fn change_method(request: &mut Request, status: StatusCode) {
    let becomes_get = match status {
        StatusCode::SEE_OTHER => !matches!(request.method, Method::GET | Method::HEAD),
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.method == Method::POST,
        _ => false,
    };
    if becomes_get {
        request.method = Method::GET;
        request.body = bytes::Bytes::new();
        for name in [
            CONTENT_TYPE,
            CONTENT_LENGTH,
            CONTENT_ENCODING,
            CONTENT_LANGUAGE,
            CONTENT_LOCATION,
        ] {
            request.headers.remove(name);
        }
    }
}

fn drop_credentials(headers: &mut HeaderMap) {
    let kept = headers.iter().filter(|(name, value)| {
        !value.is_sensitive() && ![AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(name)
    });
    *headers = kept
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
}
