//! examples/purchase-request: every request ends as its file expects, people answer or stay silent, and whatever breaks,
//! the bank pays once.

use serde_json::{Value, json};
use systems::{BANK_TOKEN, PROCUREMENT_TOKEN};

use super::stage::{
    Answer, Stage, assert_has, items, look, mails, requests, sample, samples, spoil, tasks,
};
use crate::program::{Going, assert_in_order, command};

const EXAMPLE: &str = "purchase-request";
const LINUS: &str = "linus@example.com";
const GRACE: &str = "grace@example.com";
const ADA: &str = "ada@example.com";

fn ask_for(stage: &Stage, input: &Value) -> Answer {
    let path = "/api/v1/workflows/purchasing/purchase-request/runs";
    stage.call("POST", path, &input.to_string())
}

/// Starts the run of a sample.
fn start(stage: &Stage, input: &Value) -> String {
    let answer = ask_for(stage, input);
    answer.json(202)["run"].as_str().unwrap().to_owned()
}

fn decide(stage: &Stage, decision: &Value) {
    let media_type = "application/cloudevents+json";
    let path = "/api/v1/events?namespace=purchasing";
    let answer = stage.call_as("POST", path, media_type, &decision.to_string());
    assert_eq!(answer.status, 202, "{answer:?}");
}

fn word(id: &str, request: &str, by: &str, is_approved: bool) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/tests", "type": "purchase.decided",
        "data": { "requestId": request, "by": by, "approved": is_approved },
    })
}

/// Returns when the run listens for the answer of the approver it asked as the `count`th.
fn until_it_listens(stage: &Stage, run: &str, count: usize) {
    let data = stage.data();
    let follow = ["logs", run, "--follow", "--data", data.to_str().unwrap()];
    let mut log = Going::start(command(&follow), false);
    for _ in 0..count {
        loop {
            let line = log.line();
            assert!(!line.is_empty(), "the run ended and never listened");
            if line.contains("task started listenForDecision") {
                break;
            }
        }
    }
    log.terminate();
}

fn payments(stage: &Stage) -> Vec<Value> {
    let ledger = look(stage.systems.bank, "/ledger", BANK_TOKEN);
    ledger["entries"].as_array().unwrap().clone()
}

fn orders(stage: &Stage) -> Vec<Value> {
    items(&look(
        stage.systems.procurement,
        "/orders",
        PROCUREMENT_TOKEN,
    ))
}

fn messages(stage: &Stage) -> Vec<String> {
    items(&look(stage.systems.chat, "/messages", ""))
        .iter()
        .map(|message| message["text"].as_str().unwrap().to_owned())
        .collect()
}

fn subjects(mails: &[Value]) -> Vec<&str> {
    mails
        .iter()
        .map(|mail| mail["subject"].as_str().unwrap())
        .collect()
}

#[test]
fn every_sample_request_ends_as_its_file_expects() {
    let stage = Stage::of(EXAMPLE);
    let mut paid = Vec::new();
    for (name, request) in samples(EXAMPLE, "requests") {
        let (input, expected) = (&request["input"], &request["expected"]);
        let answer = ask_for(&stage, input);
        if expected.get("error").is_some() {
            assert_eq!(answer.status, 422, "{name}: {answer:?}");
            assert_in_order(&answer.body, &["input-invalid", "items"]);
            continue;
        }
        let run = answer.json(202)["run"].as_str().unwrap().to_owned();
        if let Some(decision) = request["decision"].as_str() {
            until_it_listens(&stage, &run, 1);
            decide(&stage, &sample(EXAMPLE, "decisions", decision));
        }
        let end = stage.end_of(&run);
        assert_eq!(end["status"], "completed", "{name}: {end:#}");
        assert_has(&end["output"], expected);
        assert_eq!(end["output"]["request"], input["id"]);
        let history = stage.history(&run);
        let is_paid = expected["outcome"] == "paid";
        assert_eq!(tasks(&history).contains(&"transfer"), is_paid, "{name}");
        let shown = stage.ask(&["show", &run]).out;
        assert_in_order(
            &shown,
            &[
                "purchasing/purchase-request 1.0.0  completed",
                "tasks:",
                "lookUp ",
                "checkLines ",
                "output:",
                &format!("\"outcome\": {}", expected["outcome"]),
            ],
        );
        if is_paid {
            paid.push((input["id"].clone(), expected["total"].clone()));
        }
    }
    assert_eq!(stage.runs(), 6, "the invalid one started none");
    let ledger: Vec<_> = payments(&stage)
        .iter()
        .map(|payment| (payment["reference"].clone(), payment["amount"].clone()))
        .collect();
    assert_eq!(ledger, paid);
    let orders: Vec<_> = orders(&stage)
        .iter()
        .map(|order| (order["request"].clone(), order["total"].clone()))
        .collect();
    assert_eq!(orders, paid);
    what_people_read(&stage);
}

fn what_people_read(stage: &Stage) {
    let to_linus = mails(stage.systems.mail, LINUS, 6);
    assert_eq!(
        subjects(&to_linus),
        [
            "Purchase PR-1001 is ordered and paid",
            "Purchase PR-1002 is ordered and paid",
            "Purchase PR-1003 is refused",
            "Purchase PR-1004 is refused",
            "Purchase PR-1005 is refused",
            "Purchase PR-1006 is refused",
        ]
    );
    assert_in_order(
        to_linus[2]["text"].as_str().unwrap(),
        &["refused, next year"],
    );
    assert_in_order(
        to_linus[4]["text"].as_str().unwrap(),
        &["line 1: `drill`", "line 2:", "add up to"],
    );
    let to_grace = mails(stage.systems.mail, GRACE, 2);
    assert_eq!(
        subjects(&to_grace),
        [
            "Please decide on purchase PR-1002",
            "Please decide on purchase PR-1004"
        ]
    );
    assert_in_order(
        to_grace[0]["text"].as_str().unwrap(),
        &[
            "wants to spend 61200 cents of `workshop`",
            "3 x drill: 56700",
            "10 x gloves: 4500",
        ],
    );
    // Grace may not decide on the third one; on the fourth she stayed silent.
    assert_eq!(
        subjects(&mails(stage.systems.mail, ADA, 2)),
        [
            "Please decide on purchase PR-1003",
            "Please decide on purchase PR-1004"
        ]
    );
    let messages = messages(stage);
    assert_eq!(messages.len(), 4, "{messages:?}");
    assert_in_order(&messages[0], &["Purchase PR-1001: order ", "9000 cents"]);
    assert_in_order(&messages[1], &["Purchase PR-1002: order ", "61200 cents"]);
    assert_in_order(
        &messages[2],
        &["No answer from Grace", "PR-1004", "one level up"],
    );
    assert_in_order(
        &messages[3],
        &["No answer from Ada", "PR-1004", "nobody is above"],
    );
}

#[test]
fn only_the_right_persons_word_on_this_request_counts() {
    let stage = Stage::of(EXAMPLE);
    let run = start(&stage, &sample(EXAMPLE, "requests", "2-manager")["input"]);
    until_it_listens(&stage, &run, 1);
    assert_in_order(
        &stage.ask(&["show", &run]).out,
        &["waiting", "waits for:", "listenForDecision"],
    );
    decide(&stage, &word("w-1", "PR-1002", LINUS, false));
    decide(&stage, &word("w-2", "PR-9999", GRACE, false));
    let waiting = stage.call("GET", &format!("/api/v1/runs/{run}"), "");
    assert_eq!(waiting.json(200)["endedAt"], Value::Null);
    decide(&stage, &word("w-3", "PR-1002", GRACE, true));
    // The same word again, and a late contradiction, change nothing.
    decide(&stage, &word("w-3", "PR-1002", GRACE, true));
    decide(&stage, &word("w-4", "PR-1002", GRACE, false));
    let end = stage.end_of(&run);
    assert_has(
        &end["output"],
        &json!({"outcome": "paid", "approver": GRACE, "total": 61200}),
    );
    assert_eq!(payments(&stage).len(), 1);
}

#[test]
fn when_the_manager_is_silent_the_next_level_decides() {
    let stage = Stage::of(EXAMPLE);
    let mut input = sample(EXAMPLE, "requests", "2-manager")["input"].clone();
    input["patience"] = json!("PT3S");
    let run = start(&stage, &input);
    until_it_listens(&stage, &run, 2);
    // Too late: now it is Ada's turn.
    decide(&stage, &word("w-1", "PR-1002", GRACE, false));
    decide(&stage, &word("w-2", "PR-1002", ADA, true));
    let end = stage.end_of(&run);
    assert_has(
        &end["output"],
        &json!({"outcome": "paid", "approver": ADA, "total": 61200}),
    );
    assert_eq!(mails(stage.systems.mail, GRACE, 1).len(), 1);
    assert_eq!(mails(stage.systems.mail, ADA, 1).len(), 1);
    assert_in_order(&messages(&stage)[0], &["No answer from Grace", "PR-1002"]);
    assert_eq!(payments(&stage).len(), 1);
}

#[test]
fn a_payment_whose_answer_was_lost_is_paid_once() {
    let stage = Stage::of(EXAMPLE);
    spoil(
        stage.systems.bank,
        &json!({"count": 2, "status": 503, "when": "after", "method": "POST"}),
    );
    let run = start(&stage, &sample(EXAMPLE, "requests", "1-own-limit")["input"]);
    let end = stage.end_of(&run);
    assert_has(&end["output"], &json!({"outcome": "paid", "total": 9000}));
    let sent = requests(stage.systems.bank, "POST", "/payments");
    let keys: Vec<_> = sent
        .iter()
        .map(|one| one["idempotencyKey"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["PR-1001"; 3]);
    let payments = payments(&stage);
    assert_eq!(payments.len(), 1, "{payments:#?}");
    assert_has(
        &payments[0],
        &json!({"amount": 9000, "payee": "Tools & Sons", "reference": "PR-1001"}),
    );
    assert_eq!(end["output"]["payment"], payments[0]["id"]);
    let orders = orders(&stage);
    assert_eq!(orders.len(), 1);
    assert_has(
        &orders[0],
        &json!({"status": "paid", "requester": LINUS, "department": "workshop"}),
    );
}

#[test]
fn the_same_request_under_one_key_is_one_run_and_one_payment() {
    let stage = Stage::of(EXAMPLE);
    let input = sample(EXAMPLE, "requests", "1-own-limit")["input"].to_string();
    let start = [
        "--json",
        "start",
        "purchase-request",
        "--input",
        &input,
        "--idempotency-key",
        "k",
    ];
    let first = stage.ask(&start).json()["run"].clone();
    let second = stage.ask(&start).json()["run"].clone();
    assert_eq!(first, second);
    stage.end_of(first.as_str().unwrap());
    assert_eq!((stage.runs(), payments(&stage).len()), (1, 1));
}

#[test]
fn when_the_bank_does_not_pay_the_order_is_undone_and_people_know() {
    let stage = Stage::hurried(EXAMPLE);
    spoil(
        stage.systems.bank,
        &json!({"count": 100, "status": 503, "method": "POST"}),
    );
    let run = start(&stage, &sample(EXAMPLE, "requests", "1-own-limit")["input"]);
    let end = stage.end_of(&run);
    let problem = "the bank did not pay (503), the order is cancelled";
    assert_has(
        &end["output"],
        &json!({"outcome": "refused", "payment": null, "problems": [problem]}),
    );
    assert!(payments(&stage).is_empty());
    // The first try and four more.
    assert_eq!(requests(stage.systems.bank, "POST", "/payments").len(), 5);
    assert_has(&orders(&stage)[0], &json!({"status": "cancelled"}));
    let to_finance = mails(stage.systems.mail, "finance@example.com", 1);
    assert_eq!(
        subjects(&to_finance),
        ["Payment of purchase PR-1001 failed"]
    );
    let to_linus = mails(stage.systems.mail, LINUS, 1);
    assert_eq!(subjects(&to_linus), ["Purchase PR-1001 is refused"]);
    assert_eq!(to_linus[0]["text"].as_str().unwrap().trim_end(), problem);
}

#[test]
fn a_stranger_is_refused_and_the_run_says_why() {
    let stage = Stage::of(EXAMPLE);
    let mut input = sample(EXAMPLE, "requests", "1-own-limit")["input"].clone();
    input["requester"] = json!("mallory@example.com");
    let run = start(&stage, &input);
    let end = stage.end_of(&run);
    assert_eq!(end["status"], "faulted");
    assert_has(
        &end["error"],
        &json!({"status": 400, "title": "Unknown requester or department"}),
    );
    assert_in_order(
        &stage.ask(&["show", &run]).out,
        &[
            "faulted",
            "Unknown requester or department",
            "neither is known: mallory@example.com, workshop",
            "next:",
        ],
    );
    assert!(orders(&stage).is_empty());
}
