//! Recognisable secrets go through everything that a user can let them go through, and then everything that the server
//! gives away or keeps is searched for them, in every form that a program is likely to write them in.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use systems::{BANK_TOKEN, CRM_TOKEN, ENRICHMENT_KEY, PROCUREMENT_TOKEN};

use super::lead_intake::deliver_signed;
use super::stage::{Stage, requests, sample, samples, secrets, tasks};
use crate::program::{Folder, Left};

/// Signs the form's deliveries; an environment variable.
const FORM: &str = "canary-form/7Qm2+Zk8=xR4&end";
/// Kept by the server, sealed.
const FIRST: &str = "canary-first/Jw5+tB9=\"quoted\"&end";
const SECOND: &str = "canary-second-Ln3vYh6Pq";
/// A credential that the bank does not know.
const REFUSED: &str = "canary-refused-Xc8sDg1Ue";

/// What runs of both examples keep, and may.
const ORDINARY: &str = "@example.com";

const STRICT: &str = r#"
apiVersion: segue/v1
kind: Connection
metadata: { namespace: sales, name: strict }
spec:
  http: { endpoint: "http://127.0.0.1:7304" }
  authentication: { bearer: { token: { secret: refused } } }
"#;

/// Every task tries to get a secret into what is kept or shown; each is caught, so that all are tried.
const SPREAD: &str = r#"
document: { dsl: '1.0.3', namespace: sales, name: spread, version: '1.0.0' }
use: { secrets: [first, second] }
do:
  - intoTheData: { set: { kept: '${ $secrets.first }', all: '${ $secrets }' }, export: { as: '$context + {kept: $secrets.first}' } }
  - intoAnEcho:
      call: crm.post
      with:
        path: /contacts
        body: { email: canary@example.com, name: '${ $secrets.first }', notes: '${ "of \($secrets.second)" }' }
  - intoARefusal:
      try:
        - refused: { call: crm.post, with: { path: /contacts, body: { email: other@example.com, stage: '${ $secrets.first }' } } }
      catch: {}
  - intoAnAddress:
      try:
        - lost: { call: http, with: { method: get, endpoint: 'http://127.0.0.1:7303/nothing/{second}?first={first}' }, input: { from: $secrets } }
      catch: {}
  - toNobody:
      try:
        - closed: { call: http, with: { method: get, endpoint: 'http://127.0.0.1:1/{second}' }, input: { from: $secrets } }
      catch: {}
  - intoAMail:
      call: email
      with: { connection: mail, to: canary@example.com, subject: '${ $secrets.second }', text: '${ $secrets.first }' }
  - intoAShell:
      run:
        shell:
          command: 'printf "%s" "$CANARY"; printf "%s" "$CANARY" >&2'
          environment: { CANARY: '${ $secrets.first }' }
        return: all
  - intoAFailingShell:
      try:
        - failing:
            run: { shell: { command: 'echo "$CANARY" >&2; exit 3', environment: { CANARY: '${ $secrets.second }' } } }
            # Else a command that failed waits for a person's word.
            metadata: { effect: read }
      catch: {}
  - withAWrongCredential:
      try:
        - unknown: { call: strict.post, with: { path: /payments, body: { payee: a, amount: 1, reference: b } } }
      catch: {}
  - atTheEnd: { raise: { error: { type: 'https://example.com/canary', status: 500, title: '${ $secrets.first }', detail: '${ "no \($secrets.second)" }' } } }
"#;

#[test]
fn a_secret_is_nowhere_but_where_it_was_sent() {
    let mut variables = secrets("lead-intake");
    let form = "SEGUE_SECRET_CONTACT_FORM";
    assert!(variables.insert(form.into(), FORM.into()).is_some());
    variables.insert("SEGUE_SECRET_REFUSED".into(), REFUSED.into());
    let more = [
        ("connections/strict.yaml", STRICT),
        ("workflows/spread.yaml", SPREAD),
    ];
    let stage = Stage::with("lead-intake", &variables, &more);
    let mut said = Said::default();
    for (name, value) in [("first", FIRST), ("second", SECOND)] {
        let put = stage.ask_with(&["secret", "put", name, "--namespace", "sales"], value);
        assert_eq!(put.code, 0, "{put:?}");
        said.add("secret put", put.out + &put.notes);
    }
    for (name, lead) in samples("lead-intake", "leads") {
        let answer = deliver_signed(&stage, &lead, FORM);
        said.add(&name, answer.head + &answer.body);
    }
    let unsigned = deliver_signed(&stage, &sample("lead-intake", "leads", "1-priority"), "x");
    said.add("a wrong signature", unsigned.body);

    let started = stage.call("POST", "/api/v1/workflows/sales/spread/runs", "{}");
    let run = started.json(202)["run"].as_str().unwrap().to_owned();
    let end = stage.end_of(&run);
    assert_eq!(end["status"], "faulted", "{end:#}");
    let history = stage.history(&run);
    assert_eq!(*tasks(&history).last().unwrap(), "atTheEnd");
    they_were_really_sent(&stage);
    ask_for_everything(&stage, &mut said);

    let token = stage.token().to_owned();
    let (left, folder) = stage.terminate();
    said.add("the log", left.notes.clone());
    said.add("the banner", left.out.clone());
    let names = [FORM, FIRST, SECOND, REFUSED, &token]
        .into_iter()
        .chain([CRM_TOKEN, ENRICHMENT_KEY]);
    let forms: Vec<(String, Vec<u8>)> = names.flat_map(forms).collect();
    let mut hits = said.search(&forms);
    hits.extend(in_files(&folder, &forms));
    assert!(hits.is_empty(), "{hits:#?}");
}

#[test]
fn the_payments_credential_is_nowhere_either() {
    let example = "purchase-request";
    let stage = Stage::of(example);
    let mut said = Said::default();
    let input = sample(example, "requests", "1-own-limit")["input"].to_string();
    let path = "/api/v1/workflows/purchasing/purchase-request/runs";
    let run = stage.call("POST", path, &input).json(202)["run"].clone();
    let end = stage.end_of(run.as_str().unwrap());
    assert_eq!(end["output"]["outcome"], "paid");
    ask_for_everything(&stage, &mut said);
    let (left, folder) = stage.terminate();
    said.add("the log", left.notes + &left.out);
    let forms: Vec<_> = [BANK_TOKEN, PROCUREMENT_TOKEN]
        .into_iter()
        .flat_map(forms)
        .collect();
    let mut hits = said.search(&forms);
    hits.extend(in_files(&folder, &forms));
    assert!(hits.is_empty(), "{hits:#?}");
}

/// The search would find nothing in a server that never opened them; here it finds them where they belong.
fn they_were_really_sent(stage: &Stage) {
    let mut sent = Said::default();
    let received = requests(stage.systems.crm, "POST", "/contacts");
    sent.add("crm", json!(received).to_string());
    let mails = super::stage::mails(stage.systems.mail, "canary@example.com", 1);
    sent.add("mail", json!(mails).to_string());
    for (secret, place) in [
        (FIRST, "crm"),
        (SECOND, "crm"),
        (FIRST, "mail"),
        (SECOND, "mail"),
    ] {
        let hits = sent.search(&forms(secret));
        assert!(
            hits.iter().any(|hit| hit.starts_with(place)),
            "{secret} did not arrive: {sent:?}"
        );
    }
}

/// All that a person with the owner's token can read, over HTTP and with the program.
fn ask_for_everything(stage: &Stage, said: &mut Said) {
    let list = stage.call("GET", "/api/v1/runs", "").json(200);
    let runs: Vec<&Value> = list["runs"].as_array().unwrap().iter().collect();
    let mut paths: Vec<String> = [
        "/",
        "/login",
        "/metrics",
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/api/v1/runs",
        "/api/v1/workflows",
        "/api/v1/sources",
        "/api/v1/secrets/sales",
        "/api/v1/no-such-thing",
    ]
    .map(str::to_owned)
    .into();
    for run in runs {
        let text = |name: &str| run[name].as_str().unwrap();
        let (id, version) = (text("id"), text("version"));
        let workflow = format!(
            "/api/v1/workflows/{}/{}",
            text("namespace"),
            text("workflow")
        );
        paths.extend([
            format!("/runs/{id}"),
            format!("/api/v1/runs/{id}"),
            format!("/api/v1/runs/{id}/history?limit=1000"),
            format!("{workflow}/definitions"),
            format!("{workflow}/definitions/{version}"),
            workflow,
        ]);
        for args in [
            &["show", id][..],
            &["show", id, "--history"],
            &["--json", "show", id],
            &["logs", id],
        ] {
            let Left { out, notes, code } = stage.ask(args);
            assert_eq!(code, 0, "{notes}");
            said.add(&args.join(" "), out + &notes);
        }
    }
    for path in paths {
        let answer = stage.call("GET", &path, "");
        let is_wanted = answer.status == 200 || path.ends_with("no-such-thing");
        assert!(is_wanted, "{path}: {answer:?}");
        said.add(&path, answer.head + &answer.body);
    }
}

/// What was said, by whom.
#[derive(Debug, Default)]
struct Said(BTreeMap<String, Vec<u8>>);

impl Said {
    fn add(&mut self, place: &str, text: String) {
        self.0
            .entry(place.to_owned())
            .or_default()
            .extend(text.into_bytes());
    }

    /// Where something of `forms` is, and what.
    fn search(&self, forms: &[(String, Vec<u8>)]) -> Vec<String> {
        self.0
            .iter()
            .flat_map(|(place, text)| hits(place, text, forms))
            .collect()
    }
}

/// The data directory, without the two files whose purpose is to hold a secret for their user alone.
fn in_files(folder: &Folder, forms: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut all = Vec::new();
    let (mut is_readable, plain) = (false, forms_of_what_is_no_secret());
    for entry in std::fs::read_dir(folder.path("data")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !["owner-token", "master.key"].contains(&&*name) {
            let bytes = std::fs::read(&path).unwrap();
            all.extend(hits(&name, &bytes, forms));
            is_readable |= !hits(&name, &bytes, &plain).is_empty();
        }
    }
    assert!(is_readable, "what was kept could not be searched");
    all
}

/// If the search does not find this, it would not find a secret either.
fn forms_of_what_is_no_secret() -> Vec<(String, Vec<u8>)> {
    [ORDINARY]
        .map(|text| (text.to_owned(), text.as_bytes().to_owned()))
        .into()
}

fn hits(place: &str, text: &[u8], forms: &[(String, Vec<u8>)]) -> Vec<String> {
    // No form has a zero in it, and files are full of them.
    let parts: Vec<&[u8]> = text
        .split(|byte| *byte == 0)
        .filter(|part| !part.is_empty())
        .collect();
    let around = |form: &[u8], part: &&[u8]| {
        let at = part.windows(form.len()).position(|found| found == form)?;
        let end = part.len().min(at + form.len() + 80);
        let text = &part[at.saturating_sub(80)..end];
        Some(String::from_utf8_lossy(text).into_owned())
    };
    let first = |form: &[u8]| parts.iter().find_map(|part| around(form, part));
    forms
        .iter()
        .filter_map(|(about, form)| Some(format!("{place}: {about}, in: {}", first(form)?)))
        .collect()
}

/// The forms in which a program may write a secret, each with what to call it.
fn forms(secret: &str) -> Vec<(String, Vec<u8>)> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent = |lower: bool, kept: &str| -> String {
        secret
            .bytes()
            .map(|byte| match byte {
                _ if byte.is_ascii_alphanumeric() || kept.contains(char::from(byte)) => {
                    char::from(byte).to_string()
                }
                _ if lower => format!("%{byte:02x}"),
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    let json = json!(secret).to_string();
    let mut forms = vec![
        ("plain", secret.to_owned()),
        ("as JSON", json[1..json.len() - 1].to_owned()),
        ("reversed", secret.chars().rev().collect()),
        ("hex", hex.clone()),
        ("capital hex", hex.to_uppercase()),
        ("in an address", percent(false, "-_.~")),
        ("in an address, small", percent(true, "-_.~")),
        ("in a path", percent(false, "-_.~/+=&")),
        ("all of it in an address", percent(false, "")),
        (
            "in a page",
            secret.replace('&', "&amp;").replace('"', "&quot;"),
        ),
    ];
    // Base64 of a text that has the secret in it looks different for each position modulo three; the letters at both
    // ends also depend on the neighbours.
    for before in 0..3 {
        let text = format!("{}{secret}", &"   "[..before]);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&text);
            forms.push(("base64", encoded[before * 2..encoded.len() - 2].to_owned()));
        }
    }
    let forms = forms.into_iter();
    forms
        .map(|(about, form)| (format!("{secret} {about}"), form.into_bytes()))
        .collect()
}

#[test]
fn the_search_finds_every_form() {
    let forms = forms(FIRST);
    for text in [
        format!("a {FIRST} b"),
        json!({ "a": FIRST }).to_string(),
        STANDARD_NO_PAD.encode(format!("user:{FIRST}:more")),
        URL_SAFE_NO_PAD.encode(format!("u:{FIRST}")),
        FIRST.bytes().map(|byte| format!("{byte:02x}")).collect(),
    ] {
        assert!(!hits("here", text.as_bytes(), &forms).is_empty(), "{text}");
    }
    assert!(hits("here", b"canary-first and no more", &forms).is_empty());
}
