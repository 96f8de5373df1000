//! `call`: which function, and whether its arguments fit.

use super::decoder::{At, Decoder, shorten};
use super::document::all_or_none;
use super::shapes;
use crate::definition::task::{Call, Consume, Foreach, Subscription};
use crate::expr::Template;
use crate::problem::code;
use crate::suggest;
use crate::value::{Map, Value};

/// Functions that Segue brings along.
pub const BUILT_IN: [&str; 9] = [
    "agent", "approval", "decide", "email", "file", "form", "notify", "record", "sql",
];

impl<'a> Decoder<'a> {
    /// The call of the task at `task`; `at` is its function's name.
    pub fn call(&mut self, task: &At<'a>, at: &At<'a>) -> Option<Call> {
        let function = self.constant(at, "`call`")?;
        let Some((_, arguments)) = shapes::CALLS.iter().find(|(name, _)| *name == function) else {
            return self.function_call(task, at, function);
        };
        let with = self.required(task, arguments.what, "with")?;
        let checked = self.object(arguments, &with, "`with`");
        let subscription = with
            .get("subscription")
            .filter(|_| function == "asyncapi")
            .map(|at| self.subscription(&at));
        let host = with
            .below("/service/host")
            .filter(|_| function == "grpc")
            .map(|at| self.host(&at));
        let subscription = all_or_none(subscription)?;
        all_or_none(host)?;
        let checked = match &subscription {
            Some(_) => without(&checked?, "subscription"),
            None => checked?,
        };
        let with = self.template(&with, &checked)?;
        Some(Call {
            function: function.into(),
            with,
            subscription,
            defined: None,
        })
    }

    fn function_call(&mut self, task: &At<'a>, at: &At<'a>, function: &str) -> Option<Call> {
        let is_known = self.function_name(at, function);
        let with = match task.get("with") {
            None => Some(Template::Constant(Value::object::<&str>([]))),
            Some(with) => self
                .any_mapping(&with, "`with`")
                .and_then(|()| self.template(&with, &with.node.value)),
        };
        is_known?;
        let defined = self.uses.functions.get(function).copied();
        Some(Call {
            function: function.into(),
            with: with?,
            subscription: None,
            defined,
        })
    }

    fn function_name(&mut self, at: &At<'a>, name: &str) -> Option<()> {
        if self.uses.functions.contains_key(name)
            || BUILT_IN.contains(&name)
            || name.contains("://")
        {
            return Some(());
        }
        if let Some((versioned, catalog)) = name.split_once('@') {
            return self.catalog_function(at, versioned, catalog);
        }
        if is_operation(name) || is_versioned(name) {
            return Some(());
        }
        let protocols = shapes::CALLS.each_ref().map(|(name, _)| *name);
        let built_in = BUILT_IN.into_iter().chain(protocols);
        let known = built_in.chain(self.uses.functions.keys().map(|name| &**name));
        let help = suggest::nearest(name, known).map_or_else(
            || "declare it under `use.functions`, or write `<connection>.<operation>`".to_owned(),
            |name| format!("did you mean `{name}`?"),
        );
        self.error(
            code::UNKNOWN_FUNCTION,
            at,
            format!("there is no function `{}`", shorten(name)),
            help,
        );
        None
    }

    fn catalog_function(&mut self, at: &At<'a>, versioned: &str, catalog: &str) -> Option<()> {
        if !is_versioned(versioned) {
            let message = format!(
                "`{}` is not a function of a catalog",
                shorten(at.text().unwrap_or_default())
            );
            self.error(
                code::UNKNOWN_FUNCTION,
                at,
                message,
                "write `<name>:<version>@<catalog>`".to_owned(),
            );
            return None;
        }
        // The default catalog needs no declaration. Source: DSL 1.0.3, Catalog.
        if catalog == "default" {
            return Some(());
        }
        self.reference(at, catalog, "catalogs").map(|_| ())
    }

    /// The standard's pattern for the host of a gRPC service.
    fn host(&mut self, at: &At<'a>) -> Option<()> {
        let text = at.text()?;
        let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let is_edge = |c: char| c.is_ascii_alphanumeric();
        let is_host = text.starts_with(is_edge)
            && text.ends_with(is_edge)
            && text.chars().all(is_inner)
            && text.len() <= 63;
        if is_host {
            return Some(());
        }
        let message = format!("`host` is `{}`, expected the name of a host", shorten(text));
        self.error(
            code::WRONG_VALUE,
            at,
            message,
            "without scheme and port, such as `grpc.example.com`".to_owned(),
        );
        None
    }

    fn subscription(&mut self, at: &At<'a>) -> Option<Subscription> {
        self.object(&shapes::SUBSCRIPTION, at, "`subscription`")?;
        let filter = self.optional_expression(at, "filter");
        let consume = at.get("consume")?;
        let for_ = self.optional_duration(&consume, "for");
        let until = match self.exactly_one(&consume, "`consume`", &["amount", "while", "until"])? {
            ("amount", at) => at
                .node
                .value
                .as_i64()
                .and_then(|amount| u32::try_from(amount).ok())
                .map(Consume::Amount),
            ("while", at) => self.expression(&at, "`while`").map(Consume::While),
            (_, at) => self.expression(&at, "`until`").map(Consume::Until),
        };
        let foreach = all_or_none(at.get("foreach").map(|at| self.foreach(&at)));
        Some(Subscription {
            filter: filter?,
            consume: until?,
            duration: for_?,
            foreach: foreach?,
        })
    }

    /// What to do with each event or message, one after another.
    pub fn foreach(&mut self, at: &At<'a>) -> Option<Foreach> {
        self.mapping(at, "`foreach`", &["item", "at", "do", "output", "export"])?;
        let item = self.variable(at.get("item").as_ref(), "`item`", "item");
        let index = self.variable(at.get("at").as_ref(), "`at`", "index");
        let (item, index) = self.distinct(at, item?, index?)?;
        self.with_variables(&[item.clone(), index.clone()], |decoder| {
            let tasks = match at.get("do") {
                Some(at) => decoder.task_list(&at, "`do`", decoder.parent),
                None => Some(crate::definition::TaskList::default()),
            };
            let output = decoder.output(at);
            let export = decoder.export(at);
            Some(Foreach {
                item,
                at: index,
                tasks: tasks?,
                output: output?,
                export: export?,
            })
        })
    }
}

fn without(value: &Value, key: &str) -> Value {
    let Some(map) = value.as_object() else {
        return value.clone();
    };
    let rest: Map = map
        .iter()
        .filter(|(name, _)| &***name != key)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Value::Object(rest.into())
}

/// `<connection>.<operation>`
fn is_operation(name: &str) -> bool {
    name.split_once('.')
        .is_some_and(|(connection, operation)| !connection.is_empty() && !operation.is_empty())
        && !name.contains(char::is_whitespace)
}

/// `<name>:<version>`
fn is_versioned(name: &str) -> bool {
    name.split_once(':')
        .is_some_and(|(name, version)| !name.is_empty() && !version.is_empty())
        && !name.contains(char::is_whitespace)
}
