//! Workflows that start by themselves: `every`, `cron`, `after`, and `on` events.
//!
//! A fire is one start under the dedupe key of its instant: a crash between a fire and its note repeats nothing.

use std::collections::HashMap;
use std::sync::Arc;

use dsl::definition::event::Matcher;
use dsl::definition::{DurationSpec, Strategy, Until};
use dsl::{Template, Value};
use engine::Moment;
use serde::{Deserialize, Serialize};
use store::{DedupeKey, Millis, ResourceRow, RunId, Text, Write};

use crate::clock::{millis, millis_up, timestamp, until};
use crate::definitions::Loaded;
use crate::intake::{Acceptance, Accepted, Begin};
use crate::runs::Core;

/// Resource kind: the last and next fire of a workflow's schedule.
const SCHEDULE: &str = "schedule";
/// Resource kind: events gathered for a start that needs several.
const GATHERED: &str = "gathered";

/// What to do about fires that were due while nobody was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missed {
    Skip,
    One,
    /// All, at most so many.
    All(u32),
}

const MISSED_MAX: u32 = 100;

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Noted {
    last: Option<Millis>,
    /// For `after`: when the next start is due.
    next: Option<Millis>,
}

type Key = (Text, Text);

/// The zone and the policy, from `document.metadata.schedule`.
fn policy(loaded: &Loaded) -> (jiff::tz::TimeZone, Missed) {
    let settings = loaded.definition.document.metadata.get("schedule");
    let text = |name: &str| {
        settings
            .and_then(|settings| settings.get(name))
            .and_then(Value::as_str)
    };
    let zone = text("timezone")
        .and_then(|name| jiff::tz::TimeZone::get(name).ok())
        .unwrap_or(jiff::tz::TimeZone::UTC);
    let max = settings
        .and_then(|settings| settings.get("max"))
        .and_then(Value::as_i64);
    let missed = match text("missed") {
        Some("skip") => Missed::Skip,
        Some("all") => Missed::All(
            max.and_then(|max| u32::try_from(max).ok())
                .unwrap_or(MISSED_MAX)
                .min(MISSED_MAX),
        ),
        _ => Missed::One,
    };
    (zone, missed)
}

/// Problems of `document.metadata.schedule` that would otherwise only show as a wrong start.
pub(crate) fn check(loaded: &Loaded) -> Result<(), String> {
    let Some(settings) = loaded.definition.document.metadata.get("schedule") else {
        return Ok(());
    };
    if let Some(zone) = settings.get("timezone") {
        let name = zone.as_str().unwrap_or_default();
        jiff::tz::TimeZone::get(name).map_err(|_| {
            format!("`document.metadata.schedule.timezone`: unknown time zone `{zone}`")
        })?;
    }
    match settings.get("missed").map(|missed| missed.as_str()) {
        None | Some(Some("skip" | "one" | "all")) => Ok(()),
        Some(_) => {
            Err("`document.metadata.schedule.missed` must be `skip`, `one` or `all`".to_owned())
        }
    }
}

/// The next fire strictly after `from`.
pub(crate) fn next_fire(loaded: &Loaded, from: jiff::Timestamp) -> Option<jiff::Timestamp> {
    let schedule = loaded.definition.schedule.as_ref()?;
    if let Some(DurationSpec::Fixed(every)) = &schedule.every {
        return after(from, every);
    }
    let cron: croner::Cron = schedule.cron.as_ref()?.parse().ok()?;
    let (zone, _) = policy(loaded);
    cron.find_next_occurrence(&from.to_zoned(zone), false)
        .ok()
        .map(|next| next.timestamp())
}

fn after(from: jiff::Timestamp, span: &jiff::Span) -> Option<jiff::Timestamp> {
    from.to_zoned(jiff::tz::TimeZone::UTC)
        .checked_add(*span)
        .ok()
        .map(|next| next.timestamp())
        .filter(|next| *next > from)
}

/// When the workflow starts next, for people.
pub(crate) fn next_for(core: &Core, loaded: &Loaded) -> Option<jiff::Timestamp> {
    let noted = noted(core, loaded);
    let schedule = loaded.definition.schedule.as_ref()?;
    if schedule.after.is_some() {
        return noted.next.map(timestamp);
    }
    next_fire(loaded, core.clock.now())
}

fn noted(core: &Core, loaded: &Loaded) -> Noted {
    let row = core
        .store
        .queries()
        .resource(SCHEDULE, &loaded.row.namespace, &loaded.row.name);
    row.ok()
        .flatten()
        .and_then(|row| serde_json::from_slice(&row.body).ok())
        .unwrap_or_default()
}

fn note(loaded: &Loaded, noted: Noted, at: Millis) -> Write {
    Write::ResourcePut(ResourceRow {
        kind: SCHEDULE.into(),
        namespace: loaded.row.namespace.clone(),
        name: loaded.row.name.clone(),
        body: serde_json::to_vec(&noted)
            .expect("a note is plain data")
            .into(),
        updated_at: at,
    })
}

/// A run of a workflow with `schedule.after` ended: note when the next one is due, with the record of the end.
pub(crate) fn write_after(loaded: &Loaded, moment: &Moment, writes: &mut Vec<Write>) {
    let Some(DurationSpec::Fixed(span)) = loaded
        .definition
        .schedule
        .as_ref()
        .and_then(|schedule| schedule.after.as_ref())
    else {
        return;
    };
    if let Some(next) = after(moment.now, span) {
        let now = millis(moment.now);
        writes.push(note(
            loaded,
            Noted {
                last: Some(now),
                next: Some(millis_up(next)),
            },
            now,
        ));
    }
}

/// Starts workflows when their time comes.
pub(crate) async fn run(core: Arc<Core>) {
    // The first look at a workflow decides about missed fires; later looks only at what is to come.
    let mut seen: HashMap<Key, Text> = HashMap::new();
    let mut due: HashMap<Key, (Millis, Arc<Loaded>)> = HashMap::new();
    loop {
        look(&core, &mut seen, &mut due);
        let now = millis(core.clock.now());
        let ready: Vec<Key> = due
            .iter()
            .filter(|(_, (at, _))| *at <= now)
            .map(|(key, _)| key.clone())
            .collect();
        for key in &ready {
            if let Some((at, loaded)) = due.remove(key) {
                fire(&core, &loaded, at).await;
            }
        }
        if !ready.is_empty() {
            continue; // Each of them has a next time.
        }
        let next = due.values().map(|(at, _)| *at).min();
        let now = core.clock.now();
        if next.is_some_and(|next| next <= millis(now)) {
            continue;
        }
        // At most a minute, so that a jump of the clock is seen.
        let left = next.map_or(std::time::Duration::from_secs(60), |next| {
            until(now, next).min(std::time::Duration::from_secs(60))
        });
        tokio::select! {
            () = core.schedule_changed.notified() => {}
            () = tokio::time::sleep(left) => {}
            () = core.stopping.cancelled() => return,
        }
    }
}

fn look(core: &Core, seen: &mut HashMap<Key, Text>, due: &mut HashMap<Key, (Millis, Arc<Loaded>)>) {
    let active = core.definitions.all_active();
    let is_active = |key: &Key| {
        active
            .iter()
            .any(|loaded| loaded.row.namespace == key.0 && loaded.row.name == key.1)
    };
    due.retain(|key, _| is_active(key));
    for loaded in &active {
        let key = (loaded.row.namespace.clone(), loaded.row.name.clone());
        if seen.get(&key) != Some(&loaded.row.digest) {
            let is_first = seen
                .insert(key.clone(), loaded.row.digest.clone())
                .is_none();
            due.remove(&key);
            if let Some(at) = first_fire(core, loaded, is_first) {
                due.insert(key.clone(), (at, loaded.clone()));
            }
        }
        if !due.contains_key(&key)
            && let Some(at) = following_fire(core, loaded)
        {
            due.insert(key, (at, loaded.clone()));
        }
    }
}

/// The fire to begin with after a start of the server or a change of the definition.
fn first_fire(core: &Core, loaded: &Loaded, is_first: bool) -> Option<Millis> {
    let schedule = loaded.definition.schedule.as_ref()?;
    let now = core.clock.now();
    let noted = noted(core, loaded);
    if schedule.after.is_some() {
        // The very first run starts at once; later ones when noted.
        return Some(noted.next.unwrap_or(if noted.last.is_none() {
            millis(now)
        } else {
            noted.next?
        }));
    }
    let (_, missed) = policy(loaded);
    let last = noted.last.filter(|_| is_first).map(timestamp)?;
    let first_missed = next_fire(loaded, last).filter(|due| *due <= now)?;
    match missed {
        Missed::Skip => None,
        Missed::All(_) => Some(millis_up(first_missed)),
        Missed::One => {
            let mut latest = first_missed;
            for _ in 0..100_000 {
                match next_fire(loaded, latest) {
                    Some(next) if next <= now => latest = next,
                    _ => break,
                }
            }
            Some(millis_up(latest))
        }
    }
}

fn following_fire(core: &Core, loaded: &Loaded) -> Option<Millis> {
    let schedule = loaded.definition.schedule.as_ref()?;
    let now = core.clock.now();
    let noted = noted(core, loaded);
    if schedule.after.is_some() {
        return noted
            .next
            .filter(|next| noted.last.is_some_and(|last| *next > last));
    }
    let (_, missed) = policy(loaded);
    let last = noted.last.map(timestamp);
    if let (Missed::All(max), Some(last)) = (missed, last)
        && let Some(due) = next_fire(loaded, last).filter(|due| *due <= now)
    {
        let is_within = (0..max)
            .try_fold(due, |due, _| {
                next_fire(loaded, due).filter(|next| *next <= now)
            })
            .is_none();
        if is_within {
            return Some(millis_up(due));
        }
    }
    // `every` keeps its beat; without a last fire it begins now.
    if schedule.every.is_some() {
        let mut due = next_fire(loaded, last.unwrap_or(now))?;
        if due <= now {
            due = next_fire(loaded, now)?;
        }
        return Some(millis_up(due));
    }
    next_fire(loaded, now).map(millis_up)
}

async fn fire(core: &Arc<Core>, loaded: &Arc<Loaded>, at: Millis) {
    let now = millis(core.clock.now());
    let run = RunId(uuid::Uuid::now_v7());
    let key = format!("{}/{}@{}", loaded.row.namespace, loaded.row.name, at.0);
    let mut acceptance = Acceptance {
        dedupe: Some(DedupeKey {
            scope: SCHEDULE.into(),
            key: key.into(),
            digest: [0; 32],
            at: now,
            run,
        }),
        writes: vec![note(
            loaded,
            Noted {
                last: Some(at),
                next: None,
            },
            now,
        )],
        ..Acceptance::default()
    };
    let input = Value::object([("scheduledAt", Value::from(timestamp(at).to_string()))]);
    let begin = Begin {
        loaded: loaded.clone(),
        input,
        trigger: "schedule".into(),
        parent: None,
        parent_effect: None,
        retry_of: None,
        state: None,
    };
    let begun = core
        .begin_run_as(run, begin, &mut acceptance, false)
        .map(drop);
    let result = match begun {
        Ok(()) => core.accept(acceptance).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(Accepted::New) => {}
        Ok(Accepted::Duplicate { .. }) => {
            // Fired before a crash, but not noted: note it now.
            let write = note(
                loaded,
                Noted {
                    last: Some(at),
                    next: None,
                },
                now,
            );
            core.store.submit(
                store::Unit {
                    dedupe: None,
                    writes: vec![write],
                },
                Box::new(|_| {}),
            );
        }
        Err(error) => {
            tracing::warn!(workflow = %loaded.row.name, "a scheduled start must wait: {error}");
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    }
}

// Events.

#[derive(Default, Serialize, Deserialize)]
struct Gathered {
    events: Vec<Value>,
    matched: Vec<bool>,
}

/// The input of a run that this event starts; events of a start that needs several are gathered, durably.
pub(crate) fn input_from_event(
    core: &Core,
    loaded: &Loaded,
    event: &Value,
    moment: &Moment,
    acceptance: &mut Acceptance,
) -> Option<Value> {
    let index = crate::intake::is_started_by(loaded, event, moment)?;
    let on = loaded.definition.schedule.as_ref()?.on.as_ref()?;
    let count = match &on.strategy {
        Strategy::One(_) | Strategy::Any { until: None, .. } => {
            return Some(Value::array(vec![event.clone()]));
        }
        Strategy::All(filters) => filters.len(),
        Strategy::Any { until: Some(_), .. } => 0,
    };
    let row = core
        .store
        .queries()
        .resource(GATHERED, &loaded.row.namespace, &loaded.row.name)
        .ok()
        .flatten();
    let mut gathered: Gathered = row
        .and_then(|row| serde_json::from_slice(&row.body).ok())
        .unwrap_or_default();
    gathered.matched.resize(count, false);
    if count > 0 {
        if gathered.matched[index] {
            return None;
        }
        gathered.matched[index] = true;
    }
    gathered.events.push(event.clone());
    let is_complete = match &on.strategy {
        Strategy::Any {
            until: Some(Until::Condition(condition)),
            ..
        } => {
            let events = Value::array(gathered.events.clone());
            condition
                .evaluate(
                    &events,
                    &dsl::expr::NoVariables,
                    moment.now,
                    dsl::expr::EvalLimits::default(),
                )
                .is_ok_and(|value| value.is_true())
        }
        Strategy::Any {
            until: Some(Until::Consumed(until)),
            ..
        } => match &until.strategy {
            Strategy::One(filter) => {
                engine::matches_event(&loaded.definition, filter, event, moment).unwrap_or(false)
            }
            Strategy::Any { filters, .. } | Strategy::All(filters) => {
                filters.iter().any(|filter| {
                    engine::matches_event(&loaded.definition, filter, event, moment)
                        .unwrap_or(false)
                })
            }
        },
        _ => gathered.matched.iter().all(|is_matched| *is_matched),
    };
    let kept = if is_complete {
        Gathered::default()
    } else {
        Gathered {
            events: gathered.events.clone(),
            matched: gathered.matched,
        }
    };
    acceptance.writes.push(Write::ResourcePut(ResourceRow {
        kind: GATHERED.into(),
        namespace: loaded.row.namespace.clone(),
        name: loaded.row.name.clone(),
        body: serde_json::to_vec(&kept)
            .expect("gathered events are plain data")
            .into(),
        updated_at: millis(moment.now),
    }));
    is_complete.then(|| Value::array(gathered.events))
}

/// What starts a workflow, in words.
pub(crate) fn words(loaded: &Loaded) -> Vec<String> {
    let Some(schedule) = &loaded.definition.schedule else {
        return Vec::new();
    };
    let mut words = Vec::new();
    let length = |spec: &DurationSpec| match spec {
        DurationSpec::Fixed(span) => format!("{span:#}"),
        DurationSpec::Expression(_) => "a computed time".to_owned(),
    };
    if let Some(every) = &schedule.every {
        words.push(format!("every {}", length(every)));
    }
    if let Some(cron) = &schedule.cron {
        let zone = policy(loaded).0;
        words.push(format!(
            "cron `{cron}` ({})",
            zone.iana_name().unwrap_or("UTC")
        ));
    }
    if let Some(after) = &schedule.after {
        words.push(format!("{} after the last run ended", length(after)));
    }
    if let Some(on) = &schedule.on {
        let types = types_of(on);
        words.push(if types.is_empty() {
            "on events".to_owned()
        } else {
            format!("on {}", types.join(", "))
        });
    }
    words
}

/// The event types that the filters name.
fn types_of(on: &dsl::definition::Consumption) -> Vec<String> {
    let filters = match &on.strategy {
        Strategy::One(filter) => std::slice::from_ref(filter),
        Strategy::All(filters) | Strategy::Any { filters, .. } => filters,
    };
    let named = filters.iter().flat_map(|filter| &filter.with);
    named
        .filter_map(|(name, matcher)| match matcher {
            Matcher::Equals {
                template: Template::Constant(value),
                ..
            } if &**name == "type" => value.as_str().map(str::to_owned),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests;
