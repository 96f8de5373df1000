//! `switch`: cases and where they lead.

use super::decoder::{At, Decoder};
use super::flow::Siblings;
use crate::definition::task::Case;
use crate::problem::code;

impl<'a> Decoder<'a> {
    pub fn cases(&mut self, at: &At<'a>, siblings: &Siblings) -> Option<Vec<Case>> {
        self.list(at, "`switch`")?;
        let cases: Vec<_> = at.items().map(|item| self.case(&item, siblings)).collect();
        let cases: Vec<Case> = cases.into_iter().collect::<Option<_>>()?;
        let mut defaults = at
            .items()
            .zip(&cases)
            .filter(|(_, case)| case.when.is_none());
        if let (Some((_, first)), Some((second, case))) = (defaults.next(), defaults.next()) {
            let message = format!(
                "the cases `{}` and `{}` both have no `when`, only one can be the default",
                first.name, case.name
            );
            self.error(
                code::SWITCH_DEFAULT,
                &second,
                message,
                "give one of them a `when`".to_owned(),
            );
            return None;
        }
        Some(cases)
    }

    fn case(&mut self, item: &At<'a>, siblings: &Siblings) -> Option<Case> {
        let (name, at) = self.single_entry(item, "a case")?;
        self.any_mapping(&at, "a case")?;
        for (key, entry) in at
            .entries()
            .filter(|(key, _)| !["when", "then"].contains(&&***key))
        {
            let help = match &**key {
                "if" => Some("the condition of a case is `when`".to_owned()),
                "do" | "call" | "set" | "run" | "raise" | "emit" => Some(
                    "a case only leads somewhere: `then` with the name of a task of the same list"
                        .to_owned(),
                ),
                _ => crate::suggest::help(key, ["when", "then"]),
            };
            self.key_error(
                code::UNKNOWN_KEY,
                &entry,
                format!("a case has no key `{key}`"),
                help,
            );
        }
        let when = self.optional_expression(&at, "when");
        let then = self
            .required(&at, "a case", "then")
            .and_then(|at| self.directive(&at, siblings));
        Some(Case {
            name,
            when: when?,
            then: then?,
        })
    }
}
