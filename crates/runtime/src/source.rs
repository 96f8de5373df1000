//! Sources of kind `webhook`: who may deliver, what counts as the same delivery, which CloudEvent it becomes.

use std::time::Duration;

use aws_lc_rs::{constant_time, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dsl::definition::{Mode, Schema};
use dsl::expr::{EvalLimits, NoVariables};
use dsl::problem::Problem;
use dsl::value::Text;
use dsl::yaml::Node;
use dsl::{Expression, Template, Value};

use crate::error::RuntimeError;
use crate::resources::Fields;
use crate::server::HookRequest;

/// A body may have so many bytes unless the source says otherwise.
const BODY_BYTES_MAX: usize = 1 << 20;
/// A delivery with a time further away is refused.
const TOLERANCE: Duration = Duration::from_secs(300);

pub(crate) struct Source {
    pub namespace: Text,
    pub name: Text,
    pub verify: Verify,
    dedupe: Option<Expression>,
    schema: Option<Schema>,
    pub event_type: Text,
    subject: Option<Template>,
    pub body_bytes_max: usize,
    /// The caller waits for the run's output, at most so long.
    pub reply: Option<Duration>,
}

pub(crate) enum Verify {
    Hmac {
        header: String,
        secret: Text,
        algorithm: hmac::Algorithm,
        is_base64: bool,
        prefix: String,
        timestamp: Option<Signed>,
    },
    Bearer {
        secret: Text,
    },
    /// The secret is `{"username": ..., "password": ...}`.
    Basic {
        secret: Text,
    },
    /// Open to anyone who knows the address; must be written out.
    None,
}

/// A signed time: `<timestamp>.<body>` or the like is signed.
pub(crate) struct Signed {
    header: String,
    separator: String,
    start: String,
}

impl Verify {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Hmac { .. } => "hmac",
            Self::Bearer { .. } => "bearer",
            Self::Basic { .. } => "basic",
            Self::None => "none",
        }
    }
}

impl Source {
    pub fn read(
        namespace: &Text,
        name: &Text,
        spec: &Node,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let known = problems.len();
        let mut fields = Fields::new(spec, "/spec", problems);
        fields.only(&["webhook", "schema", "event"]);
        let Some(webhook) = fields.child("webhook") else {
            fields.problem("webhook", "a source needs `webhook`".to_owned());
            return None;
        };
        let (event_type, subject) = match fields.child("event") {
            Some(event) => read_event(event, problems),
            None => {
                fields.problem("event", "a source needs `event` with a `type`".to_owned());
                (None, None)
            }
        };
        let schema = spec
            .get("schema")
            .and_then(|node| match Schema::compile(&node.to_value()) {
                Ok(schema) => Some(schema),
                Err(message) => {
                    problems.push(crate::resources::problem(
                        node.span,
                        "/spec/schema",
                        format!("not a JSON schema: {message}"),
                    ));
                    None
                }
            });
        let mut fields = Fields::new(webhook, "/spec/webhook", problems);
        fields.only(&["verify", "dedupe", "maxBytes", "reply"]);
        let dedupe = fields.optional_text("dedupe").and_then(|text| {
            match Expression::compile(bare(text), &[]) {
                Ok(expression) => Some(expression),
                Err(error) => {
                    fields.problem("dedupe", error.message);
                    None
                }
            }
        });
        let reply = fields.child("reply").and_then(|node| {
            let wait = node
                .get("wait")
                .and_then(|wait| wait.value.as_str())
                .and_then(duration);
            if wait.is_none() {
                fields.problem(
                    "reply",
                    "expected `{ wait: PT10S }`, at most PT60S".to_owned(),
                );
            }
            wait
        });
        let body_bytes_max = match fields
            .child("maxBytes")
            .map(|node| node.to_value().as_i64())
        {
            None => BODY_BYTES_MAX,
            Some(Some(bytes)) if (1..=(64 << 20)).contains(&bytes) => bytes as usize,
            Some(_) => {
                fields.problem(
                    "maxBytes",
                    "expected a number of bytes from 1 to 67108864".to_owned(),
                );
                BODY_BYTES_MAX
            }
        };
        let verify = match fields.child("verify") {
            Some(node) => Verify::read(node, problems),
            None => {
                fields.problem("verify", "say how deliveries are verified: `hmac`, `bearer`, `basic`, or `none` written out".to_owned());
                None
            }
        };
        if problems.len() > known {
            return None;
        }
        let (namespace, name) = (namespace.clone(), name.clone());
        Some(Self {
            namespace,
            name,
            verify: verify?,
            dedupe,
            schema,
            event_type: event_type?,
            subject,
            body_bytes_max,
            reply,
        })
    }

    /// A source as kept in the store.
    pub fn read_value(namespace: &Text, name: &Text, spec: &Value) -> Result<Self, String> {
        let documents = dsl::yaml::parse(&spec.to_json()).map_err(|problems| first(&problems))?;
        let document = documents.first().ok_or("empty")?;
        let mut problems = Vec::new();
        Self::read(namespace, name, &document.root, &mut problems).ok_or_else(|| first(&problems))
    }

    /// Refuses a delivery that does not come from whom it should. Raw bytes are verified before anything is parsed.
    pub fn check_sender(
        &self,
        request: &HookRequest,
        now: jiff::Timestamp,
        secret: impl Fn(&str) -> Option<Value>,
    ) -> Result<(), RuntimeError> {
        let refuse = |what: &str| RuntimeError::Unauthorized {
            what: what.to_owned(),
        };
        let open = |name: &Text| {
            let what = || {
                format!(
                    "the secret `{name}` of source {}/{} is missing",
                    self.namespace, self.name
                )
            };
            secret(name).ok_or_else(|| RuntimeError::Unavailable { what: what() })
        };
        match &self.verify {
            Verify::None => Ok(()),
            Verify::Bearer { secret } => {
                let expected = open(secret)?;
                let given = header(request, "authorization")
                    .and_then(|value| value.strip_prefix("Bearer "))
                    .unwrap_or_default();
                is_equal(given.as_bytes(), text_of(&expected).as_bytes())
                    .then_some(())
                    .ok_or_else(|| refuse("the bearer token is not right"))
            }
            Verify::Basic { secret } => {
                let expected = open(secret)?;
                let part = |name: &str| expected.get(name).map(text_of).unwrap_or_default();
                let wanted = format!("{}:{}", part("username"), part("password"));
                let given = header(request, "authorization")
                    .and_then(|value| value.strip_prefix("Basic "))
                    .and_then(|value| STANDARD.decode(value).ok())
                    .unwrap_or_default();
                is_equal(&given, wanted.as_bytes())
                    .then_some(())
                    .ok_or_else(|| refuse("the user name or password is not right"))
            }
            Verify::Hmac {
                header: name,
                secret,
                algorithm,
                is_base64,
                prefix,
                timestamp,
            } => {
                let key = open(secret)?;
                let given = header(request, name)
                    .ok_or_else(|| refuse(&format!("the header `{name}` is missing")))?;
                let given = given
                    .strip_prefix(prefix.as_str())
                    .ok_or_else(|| refuse("the signature has not the expected form"))?;
                let given = if *is_base64 {
                    STANDARD.decode(given).ok()
                } else {
                    from_hex(given)
                };
                let given =
                    given.ok_or_else(|| refuse("the signature has not the expected form"))?;
                let mut context =
                    hmac::Context::with_key(&hmac::Key::new(*algorithm, text_of(&key).as_bytes()));
                if let Some(signed) = timestamp {
                    let time = header(request, &signed.header).ok_or_else(|| {
                        refuse(&format!("the header `{}` is missing", signed.header))
                    })?;
                    let seconds: i64 = time
                        .parse()
                        .map_err(|_| refuse("the signature's time is not a number of seconds"))?;
                    if now.as_second().abs_diff(seconds) > TOLERANCE.as_secs() {
                        return Err(refuse("the signature's time is more than 5 minutes away"));
                    }
                    for part in [&signed.start, time, &signed.separator] {
                        context.update(part.as_bytes());
                    }
                }
                context.update(&request.body);
                is_equal(context.sign().as_ref(), &given)
                    .then_some(())
                    .ok_or_else(|| refuse("the signature is not right"))
            }
        }
    }

    /// The delivery as expressions see it, with its parsed body.
    pub fn parse(&self, request: &HookRequest) -> Result<Value, RuntimeError> {
        let kind = header(request, "content-type").unwrap_or("application/json");
        let kind = kind
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let body = match kind.as_str() {
            "application/x-www-form-urlencoded" => form(&request.body)?,
            kind if kind.starts_with("text/") => match std::str::from_utf8(&request.body) {
                Ok(text) => Value::from(text),
                Err(_) => {
                    return Err(RuntimeError::BadRequest {
                        what: "the body is not UTF-8 text".to_owned(),
                    });
                }
            },
            kind if kind == "application/json" || kind.ends_with("+json") => {
                Value::parse_json(&request.body).map_err(|error| RuntimeError::BadRequest {
                    what: format!("the body is not JSON: {error}"),
                })?
            }
            other => {
                return Err(RuntimeError::BadRequest {
                    what: format!("content type `{other}` is not supported"),
                });
            }
        };
        if let Some(schema) = &self.schema {
            let violations = schema.violations(&body);
            if !violations.is_empty() {
                return Err(RuntimeError::InvalidInput { violations });
            }
        }
        let headers = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), Value::from(value.as_str())));
        Ok(Value::object([
            ("method", Value::from(request.method.as_str())),
            ("uri", Value::from(request.uri.as_str())),
            ("headers", Value::object(headers)),
            ("body", body),
        ]))
    }

    /// What makes two deliveries the same, if the source says so and the delivery has it.
    pub fn dedupe_key(
        &self,
        delivery: &Value,
        now: jiff::Timestamp,
    ) -> Result<Option<String>, RuntimeError> {
        let Some(expression) = &self.dedupe else {
            return Ok(None);
        };
        let value = expression
            .evaluate(delivery, &NoVariables, now, EvalLimits::default())
            .map_err(|error| RuntimeError::BadRequest {
                what: format!("the dedupe key cannot be told: {error}"),
            })?;
        Ok((!value.is_null()).then(|| text_of(&value)))
    }

    /// The CloudEvent that the delivery becomes.
    pub fn event(
        &self,
        delivery: &Value,
        id: &str,
        now: jiff::Timestamp,
    ) -> Result<Value, RuntimeError> {
        let mut entries = vec![
            ("specversion", Value::from("1.0")),
            ("id", Value::from(id)),
            (
                "source",
                Value::from(format!("/hooks/{}/{}", self.namespace, self.name)),
            ),
            ("type", Value::String(self.event_type.clone())),
            ("time", Value::from(now.to_string())),
        ];
        if let Some(subject) = &self.subject {
            let subject = subject
                .evaluate(delivery, &NoVariables, now, EvalLimits::default())
                .map_err(|error| RuntimeError::BadRequest {
                    what: format!("the event's subject cannot be told: {error}"),
                })?;
            entries.push(("subject", Value::from(text_of(&subject))));
        }
        entries.push(("datacontenttype", Value::from("application/json")));
        entries.push(("data", delivery.get("body").cloned().unwrap_or_default()));
        Ok(Value::object(entries))
    }
}

impl Verify {
    fn read(node: &Node, problems: &mut Vec<Problem>) -> Option<Self> {
        if node.value.as_str() == Some("none") {
            return Some(Self::None);
        }
        let mut fields = Fields::new(node, "/spec/webhook/verify", problems);
        fields.only(&["hmac", "bearer", "basic"]);
        if let Some(node) = fields.child("hmac") {
            return Self::read_hmac(node, problems);
        }
        for (name, is_basic) in [("bearer", false), ("basic", true)] {
            if let Some(node) = fields.child(name) {
                let pointer = format!("/spec/webhook/verify/{name}");
                let mut fields = Fields::new(node, &pointer, problems);
                fields.only(&["secret"]);
                let secret = fields.required_text("secret")?.into();
                return Some(if is_basic {
                    Self::Basic { secret }
                } else {
                    Self::Bearer { secret }
                });
            }
        }
        None
    }

    fn read_hmac(node: &Node, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut fields = Fields::new(node, "/spec/webhook/verify/hmac", problems);
        fields.only(&[
            "header",
            "secret",
            "algorithm",
            "encoding",
            "prefix",
            "timestamp",
        ]);
        let algorithm = match fields.optional_text("algorithm").unwrap_or("sha256") {
            "sha256" => hmac::HMAC_SHA256,
            "sha512" => hmac::HMAC_SHA512,
            "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            other => {
                fields.problem(
                    "algorithm",
                    format!("`{other}` is not `sha256`, `sha512` or `sha1`"),
                );
                return None;
            }
        };
        let is_base64 = match fields.optional_text("encoding").unwrap_or("hex") {
            "hex" => false,
            "base64" => true,
            other => {
                fields.problem("encoding", format!("`{other}` is not `hex` or `base64`"));
                return None;
            }
        };
        let prefix = fields
            .optional_text("prefix")
            .unwrap_or_default()
            .to_owned();
        let header = fields.required_text("header").map(str::to_ascii_lowercase);
        let secret = fields.required_text("secret");
        let timestamp = fields.child("timestamp").map(|node| {
            let mut fields = Fields::new(node, "/spec/webhook/verify/hmac/timestamp", problems);
            fields.only(&["header", "separator", "start"]);
            Signed {
                header: fields
                    .required_text("header")
                    .unwrap_or_default()
                    .to_ascii_lowercase(),
                separator: fields.optional_text("separator").unwrap_or(".").to_owned(),
                start: fields.optional_text("start").unwrap_or_default().to_owned(),
            }
        });
        Some(Self::Hmac {
            header: header?,
            secret: secret?.into(),
            algorithm,
            is_base64,
            prefix,
            timestamp,
        })
    }
}

fn read_event(node: &Node, problems: &mut Vec<Problem>) -> (Option<Text>, Option<Template>) {
    let mut fields = Fields::new(node, "/spec/event", problems);
    fields.only(&["type", "subject"]);
    let kind = fields.required_text("type").map(Text::from);
    let subject = fields.optional_text("subject").and_then(|text| {
        match Template::compile(&Value::from(text), &[], Mode::Strict) {
            Ok(template) => Some(template),
            Err(errors) => {
                let message = errors
                    .first()
                    .map(|(_, error)| error.message.clone())
                    .unwrap_or_default();
                fields.problem("subject", message);
                None
            }
        }
    });
    (kind, subject)
}

fn duration(text: &str) -> Option<Duration> {
    let span: jiff::Span = text.parse().ok()?;
    let length = span.total(jiff::Unit::Second).ok()?;
    (length > 0.0 && length <= 60.0).then(|| Duration::from_secs_f64(length))
}

fn bare(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("${")
        .and_then(|text| text.strip_suffix('}'))
        .unwrap_or(text)
}

fn header<'a>(request: &'a HookRequest, name: &str) -> Option<&'a str> {
    request
        .headers
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_json(), str::to_owned)
}

fn is_equal(a: &[u8], b: &[u8]) -> bool {
    !b.is_empty() && constant_time::verify_slices_are_equal(a, b).is_ok()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

/// A form as an object; a field that comes several times is an array.
fn form(body: &[u8]) -> Result<Value, RuntimeError> {
    const FIELDS_MAX: usize = 1_000;
    let mut map = dsl::value::Map::new();
    for (index, (name, value)) in url::form_urlencoded::parse(body).enumerate() {
        if index >= FIELDS_MAX {
            return Err(RuntimeError::BadRequest {
                what: format!("the form has more than {FIELDS_MAX} fields"),
            });
        }
        let value = Value::from(value.as_ref());
        match map.get_mut(&*name) {
            Some(Value::Array(items)) => std::sync::Arc::make_mut(items).push(value),
            Some(first) => *first = Value::array(vec![first.clone(), value]),
            None => drop(map.insert(name.as_ref().into(), value)),
        }
    }
    Ok(Value::Object(map.into()))
}

fn first(problems: &[Problem]) -> String {
    problems.first().map_or_else(
        || "unknown problem".to_owned(),
        |problem| problem.message.clone(),
    )
}
