//! `use`: the reusable parts of a definition, and the references to them.

use indexmap::{IndexMap, IndexSet};

use super::decoder::{At, Decoder, shorten};
use super::shapes;
use crate::definition::{Extend, Extension, TaskId, TaskList};
use crate::expr::Template;
use crate::problem::code;
use crate::suggest;
use crate::value::Text;

const KEYS: [&str; 8] = [
    "authentications",
    "catalogs",
    "errors",
    "extensions",
    "functions",
    "retries",
    "secrets",
    "timeouts",
];

/// What `use` declares, by name.
#[derive(Default)]
pub struct Uses<'a> {
    pub authentications: IndexMap<Text, At<'a>>,
    pub catalogs: IndexMap<Text, At<'a>>,
    pub errors: IndexMap<Text, At<'a>>,
    pub functions: IndexMap<Text, TaskId>,
    pub retries: IndexMap<Text, At<'a>>,
    pub secrets: IndexSet<Text>,
    pub timeouts: IndexMap<Text, At<'a>>,
}

impl<'a> Decoder<'a> {
    /// Gathers the names first, so that the parts may refer to each other in any order, then reads the parts.
    pub fn uses(&mut self, at: &At<'a>) -> Vec<Extension> {
        if self.mapping(at, "`use`", &KEYS).is_none() {
            return Vec::new();
        }
        self.secret_names(at);
        self.uses.authentications = self.named(at, "authentications");
        self.uses.catalogs = self.named(at, "catalogs");
        self.uses.errors = self.named(at, "errors");
        self.uses.retries = self.named(at, "retries");
        self.uses.timeouts = self.named(at, "timeouts");
        let functions = self.named(at, "functions");
        for (name, place) in &functions {
            if shapes::CALLS
                .iter()
                .any(|(protocol, _)| *protocol == &**name)
            {
                let message = format!(
                    "a function cannot be called `{name}`, which `call` understands as a protocol"
                );
                self.key_error(code::TASK_NAME, place, message, None);
            }
            let id = self.reserve();
            self.uses.functions.insert(name.clone(), id);
        }
        self.parts(at);
        for (name, place) in &functions {
            let id = self.uses.functions[name];
            self.function(name, id, place);
        }
        if let Some(functions) = at.get("functions") {
            self.check_function_cycles(&functions);
        }
        self.extensions(at)
    }

    fn named(&mut self, at: &At<'a>, key: &str) -> IndexMap<Text, At<'a>> {
        let Some(at) = at.get(key) else {
            return IndexMap::new();
        };
        if self.any_mapping(&at, &format!("`{key}`")).is_none() {
            return IndexMap::new();
        }
        at.entries()
            .map(|(name, place)| (name.clone(), place))
            .collect()
    }

    fn secret_names(&mut self, at: &At<'a>) {
        let Some(at) = at.get("secrets") else { return };
        if at.node.items().is_none() {
            self.wrong_type(&at, "`secrets`", "a list of names");
            return;
        }
        for item in at.items() {
            if let Some(name) = self.constant(&item, "the name of a secret") {
                self.uses.secrets.insert(name.into());
            }
        }
    }

    /// Checks what is only put in where it is named, so that an unused part is checked too.
    fn parts(&mut self, at: &At<'a>) {
        for place in at
            .get("authentications")
            .iter()
            .flat_map(At::entries)
            .map(|(_, place)| place)
        {
            if let Some(value) = self.policy(&place, "an authentication") {
                self.template(&place, &value);
            }
        }
        for place in at
            .get("errors")
            .iter()
            .flat_map(At::entries)
            .map(|(_, place)| place)
        {
            if let Some(value) = self.object(&shapes::ERROR, &place, "an error") {
                self.template(&place, &value);
            }
        }
        for place in at
            .get("timeouts")
            .iter()
            .flat_map(At::entries)
            .map(|(_, place)| place)
        {
            self.timeout_object(&place);
        }
        for place in at
            .get("retries")
            .iter()
            .flat_map(At::entries)
            .map(|(_, place)| place)
        {
            self.with_variables(&["error".into()], |decoder| decoder.retry_policy(&place));
        }
        for place in at
            .get("catalogs")
            .iter()
            .flat_map(At::entries)
            .map(|(_, place)| place)
        {
            if self.mapping(&place, "a catalog", &["endpoint"]).is_some()
                && let Some(endpoint) = self.required(&place, "a catalog", "endpoint")
            {
                self.endpoint(&endpoint, "the endpoint of a catalog");
            }
        }
    }

    fn extensions(&mut self, at: &At<'a>) -> Vec<Extension> {
        let Some(at) = at.get("extensions") else {
            return Vec::new();
        };
        if at.node.items().is_none() {
            self.wrong_type(&at, "`extensions`", "a list");
            return Vec::new();
        }
        at.items()
            .filter_map(|item| self.extension(&item))
            .collect()
    }

    fn extension(&mut self, item: &At<'a>) -> Option<Extension> {
        let (name, at) = self.single_entry(item, "an extension")?;
        self.mapping(&at, "an extension", &["extend", "when", "before", "after"])?;
        let extend = self
            .required(&at, "an extension", "extend")
            .and_then(|at| self.extend(&at));
        let when = match at.get("when") {
            None => Some(None),
            Some(at) => self
                .expression(&at, "`when`")
                .map(|when| Some(Template::Expression(when))),
        };
        let before = at.get("before").map_or_else(
            || Some(TaskList::default()),
            |at| self.task_list(&at, "`before`", None),
        );
        let after = at.get("after").map_or_else(
            || Some(TaskList::default()),
            |at| self.task_list(&at, "`after`", None),
        );
        Some(Extension {
            name,
            extend: extend?,
            when: when?,
            before: before?,
            after: after?,
        })
    }

    fn extend(&mut self, at: &At<'a>) -> Option<Extend> {
        const KINDS: [(&str, Extend); 12] = [
            ("all", Extend::All),
            ("call", Extend::Call),
            ("composite", Extend::Composite),
            ("emit", Extend::Emit),
            ("for", Extend::For),
            ("listen", Extend::Listen),
            ("raise", Extend::Raise),
            ("run", Extend::Run),
            ("set", Extend::Set),
            ("switch", Extend::Switch),
            ("try", Extend::Try),
            ("wait", Extend::Wait),
        ];
        let written = self.one_of(at, "`extend`", &KINDS.map(|(name, _)| name))?;
        KINDS
            .iter()
            .find(|(name, _)| *name == written)
            .map(|(_, kind)| *kind)
    }

    /// The place in `use` that a name refers to.
    pub fn reference(&mut self, at: &At<'a>, name: &str, group: &str) -> Option<At<'a>> {
        let names = match group {
            "authentications" => &self.uses.authentications,
            "catalogs" => &self.uses.catalogs,
            "errors" => &self.uses.errors,
            "retries" => &self.uses.retries,
            _ => &self.uses.timeouts,
        };
        if let Some(place) = names.get(name) {
            let place = place.clone();
            return self
                .may_copy(at, place.node.span.end - place.node.span.start)
                .then_some(place);
        }
        let help = match suggest::help(name, names.keys().map(|name| &**name)) {
            Some(help) => help,
            None => format!("declare it under `use.{group}`"),
        };
        self.error(
            code::UNKNOWN_REFERENCE,
            at,
            format!("`use.{group}` has no `{}`", shorten(name)),
            help,
        );
        None
    }

    /// Checks that a secret is declared.
    pub fn secret(&mut self, at: &At<'a>) -> Option<()> {
        let name = at.text()?;
        if self.uses.secrets.contains(name) {
            return Some(());
        }
        let help = suggest::help(name, self.uses.secrets.iter().map(|secret| &**secret))
            .unwrap_or_else(|| "declare it under `use.secrets`".to_owned());
        self.error(
            code::UNKNOWN_REFERENCE,
            at,
            format!("`use.secrets` has no `{}`", shorten(name)),
            help,
        );
        None
    }
}
