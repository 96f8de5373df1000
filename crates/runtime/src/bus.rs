//! Which runs wait for which events.

use std::collections::HashMap;
use std::sync::RwLock;

use store::{Listener, Queries, RunId, StoreError, Text};

/// Listening tasks by namespace and event type. The store has the same list; this one is for speed.
#[derive(Default)]
pub(crate) struct Bus {
    inner: RwLock<Inner>,
}

#[derive(Default)]
struct Inner {
    by_type: HashMap<(Text, Text), Vec<(RunId, u64)>>,
    /// Those that take any type, by namespace.
    any: HashMap<Text, Vec<(RunId, u64)>>,
    listeners: HashMap<(RunId, u64), Listener>,
    /// Listeners that name a lifecycle type.
    lifecycle: usize,
}

impl Bus {
    pub fn load(&self, queries: &dyn Queries) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = queries.listeners(after, 1_000)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some((last.run, last.listener));
            for listener in page {
                self.add(listener);
            }
        }
    }

    pub fn add_all(&self, listeners: &[Listener]) {
        for listener in listeners {
            self.add(listener.clone());
        }
    }

    pub fn remove_all(&self, listeners: &[Listener]) {
        for listener in listeners {
            self.remove(listener.run, listener.listener);
        }
    }

    pub fn add(&self, listener: Listener) {
        let key = (listener.run, listener.listener);
        let mut inner = self.inner.write().expect("no panic while held");
        if listener.types.is_empty() {
            inner
                .any
                .entry(listener.namespace.clone())
                .or_default()
                .push(key);
        }
        for name in &listener.types {
            inner
                .by_type
                .entry((listener.namespace.clone(), name.clone()))
                .or_default()
                .push(key);
        }
        inner.lifecycle += usize::from(names_lifecycle(&listener));
        inner.listeners.insert(key, listener);
    }

    pub fn remove(&self, run: RunId, listener: u64) {
        let key = (run, listener);
        let mut inner = self.inner.write().expect("no panic while held");
        let Some(known) = inner.listeners.remove(&key) else {
            return;
        };
        let inner = &mut *inner;
        inner.lifecycle -= usize::from(names_lifecycle(&known));
        if known.types.is_empty() {
            drop_from(&mut inner.any, &known.namespace, key);
        }
        for name in known.types {
            drop_from(&mut inner.by_type, &(known.namespace.clone(), name), key);
        }
    }

    pub fn has_lifecycle_listener(&self) -> bool {
        self.inner.read().expect("no panic while held").lifecycle > 0
    }

    /// The listening tasks that an event of this type may wake.
    pub fn listeners(&self, namespace: &str, kind: &str) -> Vec<(RunId, u64)> {
        let inner = self.inner.read().expect("no panic while held");
        if inner.listeners.is_empty() {
            return Vec::new();
        }
        let typed = inner.by_type.get(&(namespace.into(), kind.into()));
        // Those that take any event did not ask for the inner life of runs.
        let is_lifecycle = kind.starts_with(engine::LIFECYCLE_PREFIX);
        let any = inner.any.get(namespace).filter(|_| !is_lifecycle);
        typed.into_iter().chain(any).flatten().copied().collect()
    }
}

fn names_lifecycle(listener: &Listener) -> bool {
    listener
        .types
        .iter()
        .any(|kind| kind.starts_with(engine::LIFECYCLE_PREFIX))
}

fn drop_from<K: std::hash::Hash + Eq>(
    map: &mut HashMap<K, Vec<(RunId, u64)>>,
    key: &K,
    gone: (RunId, u64),
) {
    if let Some(list) = map.get_mut(key) {
        list.retain(|known| *known != gone);
        if list.is_empty() {
            map.remove(key);
        }
    }
}
