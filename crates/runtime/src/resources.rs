//! Resources beside workflows: connections and sources, `apiVersion: segue/v1`.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use dsl::problem::{Problem, Severity, Span};
use dsl::value::Text;
use dsl::yaml::{Document, Node};
use store::{Millis, Queries, ResourceRow, StoreError, Write};

use crate::performer::Performer;
use crate::source::Source;

pub(crate) const CONNECTION: &str = "connection";
pub(crate) const SOURCE: &str = "source";

/// A resource as written and checked.
pub(crate) struct Resource {
    pub kind: &'static str,
    pub namespace: Text,
    pub name: Text,
    pub spec: dsl::Value,
    pub source: Option<Source>,
}

impl Resource {
    pub fn title(&self) -> String {
        format!("{}/{}/{}", self.kind, self.namespace, self.name)
    }

    pub fn write(&self, at: Millis) -> Write {
        Write::ResourcePut(ResourceRow {
            kind: self.kind.into(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            body: self.spec.to_json().into_bytes().into(),
            updated_at: at,
        })
    }
}

/// The sources that are switched on, by namespace and name.
#[derive(Default)]
pub(crate) struct Resources {
    sources: RwLock<HashMap<(Text, Text), Arc<Source>>>,
}

impl Resources {
    /// Takes up what the store holds.
    pub fn load(&self, queries: &dyn Queries, performer: &dyn Performer) -> Result<(), StoreError> {
        for (kind, rows) in [
            (CONNECTION, queries.resources(CONNECTION, None)?),
            (SOURCE, queries.resources(SOURCE, None)?),
        ] {
            for row in rows {
                let taken = dsl::Value::parse_json(&row.body)
                    .map_err(|error| error.to_string())
                    .and_then(|spec| {
                        let mut resource = Resource {
                            kind,
                            namespace: row.namespace.clone(),
                            name: row.name.clone(),
                            source: None,
                            spec,
                        };
                        if kind == SOURCE {
                            resource.source = Some(Source::read_value(
                                &resource.namespace,
                                &resource.name,
                                &resource.spec,
                            )?);
                        }
                        self.take(resource, performer)
                    });
                if let Err(reason) = taken {
                    tracing::error!(kind, name = %row.name, "a stored resource cannot be used: {reason}");
                }
            }
        }
        Ok(())
    }

    /// Switches a resource on.
    pub fn take(&self, resource: Resource, performer: &dyn Performer) -> Result<(), String> {
        match resource.source {
            Some(source) => {
                let key = (resource.namespace, resource.name);
                self.sources
                    .write()
                    .expect("no panic while held")
                    .insert(key, Arc::new(source));
                Ok(())
            }
            None => performer.connect(&resource.namespace, &resource.name, &resource.spec),
        }
    }

    pub fn source(&self, namespace: &str, name: &str) -> Option<Arc<Source>> {
        self.sources
            .read()
            .expect("no panic while held")
            .get(&(namespace.into(), name.into()))
            .cloned()
    }

    pub fn sources(&self) -> Vec<Arc<Source>> {
        let mut all: Vec<_> = self
            .sources
            .read()
            .expect("no panic while held")
            .values()
            .cloned()
            .collect();
        all.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        all
    }
}

/// Reads every resource of a text. All problems of all documents are reported.
pub(crate) fn read(text: &str) -> Result<Vec<Resource>, Vec<Problem>> {
    let documents = dsl::yaml::parse(text)?;
    let mut problems = Vec::new();
    let resources: Vec<Resource> = documents
        .iter()
        .filter(|document| !document.root.to_value().is_null())
        .filter_map(|document| resource(document, &mut problems))
        .collect();
    if problems.is_empty() {
        Ok(resources)
    } else {
        Err(problems)
    }
}

/// True for a text whose first document is a resource, not a workflow.
pub(crate) fn is_resource(text: &str) -> bool {
    dsl::yaml::parse(text).is_ok_and(|documents| {
        documents
            .first()
            .is_some_and(|document| document.root.get("apiVersion").is_some())
    })
}

fn resource(document: &Document, problems: &mut Vec<Problem>) -> Option<Resource> {
    let root = &document.root;
    let mut fields = Fields::new(root, "", problems);
    fields.only(&["apiVersion", "kind", "metadata", "spec"]);
    match fields.text("apiVersion") {
        Some("segue/v1") => {}
        Some(other) => fields.problem(
            "apiVersion",
            format!("`{other}` is not a known version, expected `segue/v1`"),
        ),
        None => fields.problem(
            "apiVersion",
            "a resource needs `apiVersion: segue/v1`".to_owned(),
        ),
    }
    let kind = match fields.text("kind") {
        Some("Connection") => Some(CONNECTION),
        Some("Source") => Some(SOURCE),
        Some(other) => {
            fields.problem(
                "kind",
                format!("`{other}` is not a known kind, expected `Connection` or `Source`"),
            );
            None
        }
        None => {
            fields.problem("kind", "a resource needs a `kind`".to_owned());
            None
        }
    };
    let (namespace, name) = match root.get("metadata") {
        Some(metadata) => {
            let mut fields = Fields::new(metadata, "/metadata", problems);
            fields.only(&["namespace", "name", "labels"]);
            (fields.name("namespace"), fields.name("name"))
        }
        None => {
            problems.push(problem(
                root.span,
                "/metadata",
                "a resource needs `metadata` with `namespace` and `name`".to_owned(),
            ));
            (None, None)
        }
    };
    let Some(spec) = root.get("spec") else {
        problems.push(problem(
            root.span,
            "/spec",
            "a resource needs a `spec`".to_owned(),
        ));
        return None;
    };
    let (kind, namespace, name) = (kind?, namespace?, name?);
    let source = if kind == SOURCE {
        Some(Source::read(&namespace, &name, spec, problems)?)
    } else {
        None
    };
    Some(Resource {
        kind,
        namespace,
        name,
        spec: spec.to_value(),
        source,
    })
}

pub(crate) fn problem(span: Span, pointer: &str, message: String) -> Problem {
    Problem {
        code: "resource",
        severity: Severity::Error,
        message,
        span,
        pointer: pointer.to_owned(),
        help: None,
    }
}

/// Reads the members of a mapping, noting what is wrong with them.
pub(crate) struct Fields<'a, 'p> {
    node: &'a Node,
    pointer: String,
    problems: &'p mut Vec<Problem>,
}

impl<'a, 'p> Fields<'a, 'p> {
    pub fn new(node: &'a Node, pointer: &str, problems: &'p mut Vec<Problem>) -> Self {
        if node.entries().is_none() {
            problems.push(problem(
                node.span,
                pointer,
                format!("expected a mapping, found {}", node.to_value().type_name()),
            ));
        }
        Self {
            node,
            pointer: pointer.to_owned(),
            problems,
        }
    }

    /// Any other member is a problem.
    pub fn only(&mut self, known: &[&str]) {
        for entry in self.node.entries().unwrap_or_default() {
            if !known.contains(&&*entry.key) {
                let pointer = format!("{}/{}", self.pointer, entry.key);
                let mut found = problem(
                    entry.key_span,
                    &pointer,
                    format!("unknown member `{}`", entry.key),
                );
                found.help = Some(format!("expected one of `{}`", known.join("`, `")));
                self.problems.push(found);
            }
        }
    }

    pub fn problem(&mut self, name: &str, message: String) {
        let span = self.node.get(name).map_or(self.node.span, |node| node.span);
        let pointer = format!("{}/{name}", self.pointer);
        self.problems.push(problem(span, &pointer, message));
    }

    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.node.get(name).and_then(|node| node.value.as_str())
    }

    /// A member that must be text when it is there.
    pub fn optional_text(&mut self, name: &str) -> Option<&'a str> {
        let node = self.node.get(name)?;
        let text = node.value.as_str();
        if text.is_none() {
            self.problem(
                name,
                format!("expected text, found {}", node.to_value().type_name()),
            );
        }
        text
    }

    pub fn required_text(&mut self, name: &str) -> Option<&'a str> {
        if self.node.get(name).is_none() {
            self.problem(name, format!("`{name}` is missing"));
            return None;
        }
        self.optional_text(name)
    }

    /// A namespace or name: letters, digits and hyphens, at most 63.
    pub fn name(&mut self, name: &str) -> Option<Text> {
        let text = self.required_text(name)?;
        let is_good = !text.is_empty()
            && text.len() <= 63
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if !is_good {
            self.problem(name, format!("`{text}` is not a name: 1 to 63 letters, digits and hyphens, no hyphen at the ends"));
            return None;
        }
        Some(text.into())
    }

    pub fn child(&mut self, name: &str) -> Option<&'a Node> {
        self.node.get(name)
    }
}
