//! examples/lead-intake: every sample lead gets what its file expects, and the four systems get what is theirs.

use std::collections::BTreeMap;

use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use systems::CRM_TOKEN;

use super::stage::{
    Answer, Stage, assert_has, items, look, mails, requests, sample, samples, secrets, spoil, tasks,
};
use crate::program::assert_in_order;

const EXAMPLE: &str = "lead-intake";
const NORA: &str = "nora@northwind.example";
const BEA: &str = "bea@bluebird-bakery.example";

fn deliver(stage: &Stage, lead: &Value) -> Answer {
    let secret = &secrets(EXAMPLE)["SEGUE_SECRET_CONTACT_FORM"];
    deliver_signed(stage, lead, secret)
}

/// Delivers a lead as the contact form would.
pub fn deliver_signed(stage: &Stage, lead: &Value, secret: &str) -> Answer {
    let body = lead["body"].to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let signature = format!("sha256={signature}");
    let mut headers = vec![
        ("content-type", "application/json"),
        ("x-signature", &*signature),
    ];
    for (name, value) in lead["headers"].as_object().unwrap() {
        headers.push((name, value.as_str().unwrap()));
    }
    stage.call_with("/hooks/sales/contact-form", &headers, &body)
}

fn contacts(stage: &Stage) -> Vec<Value> {
    items(&look(stage.systems.crm, "/contacts", CRM_TOKEN))
}

fn messages(stage: &Stage) -> Vec<String> {
    items(&look(stage.systems.chat, "/messages", ""))
        .iter()
        .map(|message| {
            format!(
                "{} {}",
                message["channel"].as_str().unwrap(),
                message["text"].as_str().unwrap()
            )
        })
        .collect()
}

/// Which way the run went: the branch that `route` names, or none.
fn route<'a>(tasks: &[&'a str]) -> &'a str {
    let taken: Vec<_> = tasks
        .iter()
        .filter(|name| ["priority", "nurture"].contains(name))
        .collect();
    match taken[..] {
        [] => "other",
        [one] => one,
        _ => panic!("it went several ways: {tasks:?}"),
    }
}

#[test]
fn every_sample_lead_gets_what_its_file_expects() {
    let stage = Stage::of(EXAMPLE);
    let mut runs = BTreeMap::new();
    for (name, lead) in samples(EXAMPLE, "leads") {
        let expected = &lead["expected"];
        let answer = deliver(&stage, &lead);
        assert_eq!(
            json!(answer.status),
            expected["status"],
            "{name}: {answer:?}"
        );
        if let Some(first) = expected["duplicateOf"].as_str() {
            assert_eq!(answer.run(), runs[first], "{name}");
            continue;
        }
        if answer.status != 202 {
            assert_in_order(
                &answer.body,
                &["input-invalid", "is a required property", "/email"],
            );
            continue;
        }
        let run = stage.end_of(&answer.run());
        assert_eq!(run["status"], "completed", "{name}: {run:#}");
        assert_eq!(run["output"]["score"], expected["score"], "{name}: {run:#}");
        assert_eq!(run["output"]["email"], lead["body"]["email"]);
        let history = stage.history(&answer.run());
        assert_eq!(
            route(&tasks(&history)),
            expected["route"],
            "{name}: {history:#?}"
        );
        runs.insert(name, answer.run());
    }
    // The duplicate and the refused one made none.
    assert_eq!((runs.len(), stage.runs()), (3, 3));

    let contacts = contacts(&stage);
    let [nora, bea] = &contacts[..] else {
        panic!("one contact for each new lead that fits: {contacts:#?}");
    };
    assert_has(
        nora,
        &json!({
            "email": NORA, "name": "Nora Hill", "company": "Northwind", "stage": "priority", "score": 10,
            "notes": "company size 4, budget 4, urgency 2", "sequences": [],
        }),
    );
    assert_has(
        bea,
        &json!({
            "email": BEA, "name": "Bea Martin", "company": "Bluebird Bakery", "stage": "nurture", "score": 4,
            "sequences": ["nurture"],
        }),
    );
    let mails = items(&look(stage.systems.mail, "/mails", ""));
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert_has(
        &mails[0],
        &json!({
            "from": "segue@example.com", "to": [NORA], "subject": "Your enquiry",
            "envelope": { "from": "segue@example.com", "to": [NORA] },
        }),
    );
    assert_eq!(
        mails[0]["text"]
            .as_str()
            .unwrap()
            .replace("\r\n", "\n")
            .trim_end(),
        "Dear Nora Hill,\n\nthank you for writing to us. One of us will call you today.\n\nSales"
    );
    assert_eq!(
        messages(&stage),
        [format!(
            "#sales Priority lead (10/10): Nora Hill, Northwind, {NORA}"
        )]
    );
    a_run_reads_well(&stage, &runs["1-priority"]);
}

fn a_run_reads_well(stage: &Stage, run: &str) {
    assert_in_order(
        &stage.ask(&["show", run]).out,
        &[
            "sales/lead-intake 1.0.0  completed",
            "by hook:sales/contact-form",
            "input:",
            NORA,
            "tasks:",
            "remember ",
            "findContact ",
            "enrich ",
            "lookUpCompany ",
            "score ",
            "route ",
            "priority ",
            "createContact ",
            "thank ",
            "tellSales ",
            "output:",
            "\"score\": 10",
        ],
    );
    assert_in_order(
        &stage.ask(&["logs", run]).out,
        &[
            "run started",
            "effect requested findContact: crm.get",
            "effect answered findContact",
            "task skipped updateContact",
            "effect requested thank: email",
            "run completed",
        ],
    );
}

#[test]
fn a_known_lead_is_brought_up_to_date_and_not_made_twice() {
    let stage = Stage::of(EXAMPLE);
    let mut lead = sample(EXAMPLE, "leads", "1-priority");
    let first = deliver(&stage, &lead).run();
    assert_eq!(stage.end_of(&first)["status"], "completed");
    // The same person, another enquiry.
    lead["headers"]["x-delivery-id"] = json!("d-2001");
    lead["body"]["name"] = json!("Nora Hill-Meyer");
    let second = deliver(&stage, &lead).run();
    assert_ne!(first, second);
    assert_eq!(stage.end_of(&second)["status"], "completed");
    let contacts = contacts(&stage);
    assert_eq!(contacts.len(), 1, "{contacts:#?}");
    assert_eq!(contacts[0]["name"], "Nora Hill-Meyer");
    assert_eq!(requests(stage.systems.crm, "POST", "/contacts").len(), 1);
    assert_eq!(mails(stage.systems.mail, NORA, 2).len(), 2);
}

#[test]
fn a_busy_service_costs_a_retry_and_not_the_lead() {
    let stage = Stage::of(EXAMPLE);
    spoil(
        stage.systems.enrichment,
        &json!({"count": 2, "status": 503}),
    );
    spoil(
        stage.systems.enrichment,
        &json!({"count": 1, "status": 429, "retry_after": 1}),
    );
    let run = deliver(&stage, &sample(EXAMPLE, "leads", "1-priority")).run();
    let end = stage.end_of(&run);
    assert_eq!(end["status"], "completed", "{end:#}");
    assert_has(
        &end["output"],
        &json!({"company": "Northwind", "score": 10}),
    );
    let asked = requests(stage.systems.enrichment, "GET", "/companies");
    let statuses: Vec<_> = asked
        .iter()
        .map(|one| one["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [503, 503, 429, 200]);
    // Each try is a request of its own; what came before and after was done once.
    assert_eq!(contacts(&stage).len(), 1);
    assert_eq!(messages(&stage).len(), 1);
    let shown = stage.ask(&["show", &run]).out;
    assert_in_order(&shown, &["lookUpCompany", "completed", "\"score\": 10"]);
}

#[test]
fn a_service_that_stays_down_costs_the_company_and_not_the_lead() {
    let stage = Stage::hurried(EXAMPLE);
    spoil(
        stage.systems.enrichment,
        &json!({"count": 100, "status": 503}),
    );
    let run = deliver(&stage, &sample(EXAMPLE, "leads", "1-priority")).run();
    let end = stage.end_of(&run);
    assert_eq!(end["status"], "completed", "{end:#}");
    // Without the company's size: budget 4 and urgency 2 are no priority.
    assert_has(&end["output"], &json!({"company": null, "score": 6}));
    let history = stage.history(&run);
    let tasks = tasks(&history);
    assert_eq!(route(&tasks), "nurture");
    assert!(tasks.contains(&"goOnWithoutCompany"), "{tasks:?}");
    // The first try and five more.
    let asked = requests(stage.systems.enrichment, "GET", "/companies");
    assert_eq!(asked.len(), 6, "{asked:#?}");
    assert_has(
        &contacts(&stage)[0],
        &json!({"email": NORA, "company": null, "stage": "nurture", "sequences": ["nurture"]}),
    );
    assert_eq!(items(&look(stage.systems.mail, "/mails", "")).len(), 0);
}

#[test]
fn a_lost_answer_makes_no_second_contact() {
    let stage = Stage::of(EXAMPLE);
    // The CRM makes the contact and adds it to the sequence, and the answers get lost.
    spoil(
        stage.systems.crm,
        &json!({"status": 503, "when": "after", "method": "POST", "path": "/contacts"}),
    );
    let run = deliver(&stage, &sample(EXAMPLE, "leads", "2-nurture")).run();
    let end = stage.end_of(&run);
    // The workflow does not catch what the CRM answers: it faults, says why, and goes on from there when asked to.
    assert_eq!(end["status"], "faulted", "{end:#}");
    let shown = stage.ask(&["show", &run]).out;
    assert_in_order(
        &shown,
        &["createContact", "faulted", "503", "next:", "segue retry"],
    );
    assert_eq!(contacts(&stage).len(), 1);
}

#[test]
fn a_lead_that_nobody_signed_is_refused() {
    let stage = Stage::of(EXAMPLE);
    let lead = sample(EXAMPLE, "leads", "1-priority");
    let answer = deliver_signed(&stage, &lead, "not the form's secret");
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(stage.runs(), 0);
    assert!(requests(stage.systems.crm, "GET", "/contacts").is_empty());
}
