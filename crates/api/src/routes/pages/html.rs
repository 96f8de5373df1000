//! HTML that cannot be broken by its data: markup is fixed text, everything else is escaped.

use std::fmt::{self, Display, Write as _};

use axum::response::{Html, IntoResponse, Response};
use http::HeaderValue;
use http::header::CONTENT_SECURITY_POLICY;

/// No script at all; style only from this server; forms only to it.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// A page on its way out.
#[derive(Debug)]
pub(crate) struct Page(String);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = Html(self.0).into_response();
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, POLICY);
        response
    }
}

#[derive(Debug, Default)]
pub(crate) struct Builder(String);

impl Builder {
    /// Markup: only text that is part of the program.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Data, in an element or in a quoted attribute.
    pub fn text(&mut self, data: impl Display) -> &mut Self {
        write!(Escape(&mut self.0), "{data}").expect("writing to memory does not fail");
        self
    }
}

struct Escape<'a>(&'a mut String);

impl fmt::Write for Escape<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
        Ok(())
    }
}

/// A whole page around `content`.
pub(crate) fn page(title: &str, is_logged_in: bool, content: impl FnOnce(&mut Builder)) -> Page {
    let mut html = Builder::default();
    html.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>")
        .text(title)
        .raw(" · Segue</title><link rel=\"stylesheet\" href=\"/style.css\"></head><body><header><a href=\"/\">Segue</a>");
    if is_logged_in {
        html.raw("<form method=\"post\" action=\"/logout\"><button>Log out</button></form>");
    }
    html.raw("</header><main>");
    content(&mut html);
    html.raw("</main></body></html>\n");
    Page(html.0)
}

#[cfg(test)]
mod tests {
    use super::{Builder, page};

    #[test]
    fn data_stays_data() {
        let hostile = "</title><script>alert('x')</script>\" onclick=\"&amp;";
        let escaped = "&lt;/title&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onclick=&quot;&amp;amp;";
        let mut html = Builder::default();
        html.text(hostile);
        assert_eq!(html.0, escaped);
        assert!(page(hostile, false, |_| {}).0.contains(escaped));
    }
}
