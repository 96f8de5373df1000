//! Data flow: `input`, `output`, `export` and their schemas.

use super::decoder::{At, Decoder, shorten};
use crate::definition::data::ExternalResource;
use crate::definition::{Export, Input, Output, Schema};
use crate::problem::code;

impl<'a> Decoder<'a> {
    pub fn input(&mut self, parent: &At<'a>) -> Option<Input> {
        let Some(at) = parent.get("input") else {
            return Some(Input::default());
        };
        self.mapping(&at, "`input`", &["schema", "from"])?;
        let schema = self.optional_schema(&at);
        let from = at.get("from").map_or(Some(None), |at| {
            self.transformation(&at, "`from`").map(Some)
        });
        Some(Input {
            schema: schema?,
            from: from?,
        })
    }

    pub fn output(&mut self, parent: &At<'a>) -> Option<Output> {
        let Some(at) = parent.get("output") else {
            return Some(Output::default());
        };
        self.mapping(&at, "`output`", &["schema", "as"])?;
        let schema = self.optional_schema(&at);
        let as_ = at
            .get("as")
            .map_or(Some(None), |at| self.transformation(&at, "`as`").map(Some));
        Some(Output {
            schema: schema?,
            as_: as_?,
        })
    }

    pub fn export(&mut self, parent: &At<'a>) -> Option<Option<Export>> {
        let Some(at) = parent.get("export") else {
            return Some(None);
        };
        self.mapping(&at, "`export`", &["schema", "as"])?;
        let schema = self.optional_schema(&at);
        let as_ = at
            .get("as")
            .map_or(Some(None), |at| self.transformation(&at, "`as`").map(Some));
        Some(Some(Export {
            schema: schema?,
            as_: as_?,
        }))
    }

    fn optional_schema(&mut self, parent: &At<'a>) -> Option<Option<Schema>> {
        let Some(at) = parent.get("schema") else {
            return Some(None);
        };
        let pure = ["type", "properties", "$ref", "oneOf", "anyOf", "allOf"];
        if at.is_mapping()
            && at.get("document").is_none()
            && at.get("resource").is_none()
            && pure.iter().any(|key| at.get(key).is_some())
        {
            let help = "write the schema under `document`: `schema: {document: {...}}`".to_owned();
            self.key_error(code::MISSING_KEY, &at, "`schema` needs `document`", help);
            return None;
        }
        self.mapping(&at, "`schema`", &["format", "document", "resource"])?;
        let format = at
            .get("format")
            .map_or(Some(()), |at| self.schema_format(&at));
        let (kind, place) = self.exactly_one(&at, "`schema`", &["document", "resource"])?;
        let schema = if kind == "document" {
            self.inline_schema(&place)
        } else {
            self.resource(&place).map(Schema::external)
        };
        format?;
        schema.map(Some)
    }

    fn schema_format(&mut self, at: &At<'a>) -> Option<()> {
        let format = self.constant(at, "`format`")?;
        if format == "json" || format.starts_with("json:") {
            return Some(());
        }
        let message = format!("the schema format `{}` is not supported", shorten(format));
        self.error(
            code::WRONG_VALUE,
            at,
            message,
            "use JSON Schema, `format: json`".to_owned(),
        );
        None
    }

    fn inline_schema(&mut self, at: &At<'a>) -> Option<Schema> {
        match Schema::compile(&at.node.value) {
            Ok(schema) => Some(schema),
            Err(error) => {
                let place = at.below(&error.pointer).unwrap_or_else(|| at.clone());
                self.error(
                    code::SCHEMA_INVALID,
                    &place,
                    format!("not a JSON Schema: {}", error.message),
                    None,
                );
                None
            }
        }
    }

    /// Something kept elsewhere.
    pub fn resource(&mut self, at: &At<'a>) -> Option<ExternalResource> {
        let value = self.object(&super::shapes::RESOURCE, at, "an external resource")?;
        let name = value
            .get("name")
            .and_then(|name| name.as_str())
            .map(Into::into);
        let place = at.get("endpoint")?;
        let endpoint = self.template(&place, value.get("endpoint")?)?;
        Some(ExternalResource { name, endpoint })
    }
}
