//! The API's document, made from the same declarations as the router.

#[cfg(test)]
mod tests;

use http::Method;
use utoipa::PartialSchema as _;
use utoipa::ToSchema as _;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
    ResponseBuilder,
};
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::access::Access;
use crate::problem::MEDIA_TYPE;
use crate::routes::{Declared, declared};
use crate::schema;
use crate::session::SESSION_COOKIES;

/// Names what a route asks of its callers, in each operation.
const ACCESS_EXTENSION: &str = "x-segue-access";

/// The OpenAPI document, JSON, written for people too. `docs/openapi.json` is this text.
#[must_use]
pub fn openapi() -> String {
    let mut text = document()
        .to_pretty_json()
        .expect("the document is plain data");
    text.push('\n');
    text
}

fn document() -> OpenApi {
    let mut router: OpenApiRouter<App> = OpenApiRouter::with_openapi(head());
    for Declared {
        access,
        routes: (schemas, mut paths, methods),
    } in declared()
    {
        for item in paths.paths.values_mut() {
            for (_, operation) in operations_mut(item) {
                complete(operation, access);
            }
        }
        router = router.routes((schemas, paths, methods));
    }
    let (_, mut document) = router.split_for_parts();
    let components = document.components.get_or_insert_default();
    let mut schemas = vec![(
        schema::Problem::name().into_owned(),
        schema::Problem::schema(),
    )];
    schema::Problem::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.add_security_scheme(
        "token",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    let cookie = ApiKeyValue::with_description(
        SESSION_COOKIES[1],
        "Set by `POST /login`; with HTTPS its name is `__Host-segue_session`.",
    );
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    document
}

fn head() -> OpenApi {
    let license = LicenseBuilder::new()
        .name("MIT OR Apache-2.0")
        .identifier(Some("MIT OR Apache-2.0"))
        .build();
    let description = "Everything that is not public asks for a token: `Authorization: Bearer <token>`. A token sees its \
                       namespaces only; others answer 404. Whatever cannot be done is answered with problem details (RFC 9457).";
    let info = InfoBuilder::new()
        .title("Segue")
        .version("1")
        .description(Some(description))
        .license(Some(license))
        .build();
    OpenApiBuilder::new().info(info).build()
}

/// What all operations have in common: who may, and what a refusal looks like.
fn complete(operation: &mut Operation, access: Access) {
    let access_name = ExtensionsBuilder::new()
        .add(ACCESS_EXTENSION, access.name())
        .build();
    operation
        .extensions
        .get_or_insert_default()
        .merge(access_name);
    let problem = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(schema::Problem::name())))
        .build();
    let refusal = ResponseBuilder::new()
        .description("Problem details: what is wrong and where.")
        .content(MEDIA_TYPE, problem)
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), RefOr::T(refusal));
    operation.security = Some(match access {
        Access::Action(_) => ["token", "session"]
            .map(|name| SecurityRequirement::new::<_, [&str; 0], &str>(name, []))
            .into(),
        Access::Public(_) => Vec::new(),
    });
}

macro_rules! each_operation {
    ($item:expr, $as_ref:ident) => {
        [
            (Method::GET, $item.get.$as_ref()),
            (Method::PUT, $item.put.$as_ref()),
            (Method::POST, $item.post.$as_ref()),
            (Method::DELETE, $item.delete.$as_ref()),
            (Method::PATCH, $item.patch.$as_ref()),
        ]
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation?)))
    };
}

pub(crate) fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    each_operation!(item, as_ref)
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    each_operation!(item, as_mut)
}
