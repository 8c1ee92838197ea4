//! The resources as a document of OpenAPI 3.0.3, made of the descriptors: nothing in it is kept by hand that the contract says.
//!
//! ```text
//! http.proto's options ─► paths, parameters, bodies        comments of the protos ─► summaries, descriptions, statuses of errors
//! messages, enums ──────► components.schemas               limits.rs ──────────────► lengths, patterns, least and most
//! ```
//!
//! There are two documents, because an e-service of PDND only reads or writes: that of the grants, and that of everything else. A search by
//! POST is a read.

mod comment;
mod error;
mod example;
mod general;
mod header;
mod limits;
mod mode;
mod operation;
mod parameter;
mod schema;
mod stream;

use std::collections::BTreeMap;

use prost_reflect::DescriptorPool;
use serde::Serialize;
use serde_json::{Map, Value, json};

pub use self::mode::Mode;
use self::{comment::Comments, operation::operation, schema::Schemas};
use super::table::{Resource, RestTable, RestTableError};

/// Where the service is reached, where nobody says it.
pub const PLACEHOLDER: &str = "https://omnia.inps.example";

/// A document. Its parts are in the order in which they are read.
#[derive(Debug, Clone, Serialize)]
pub struct OpenApi {
    openapi: &'static str,
    info: Value,
    servers: Value,
    tags: Value,
    paths: BTreeMap<String, Map<String, Value>>,
    components: Value,
}

/// The components that the paths refer to.
fn used(paths: &str, kind: &str, components: Value) -> Value {
    let Value::Object(mut components) = components else {
        return components;
    };
    components.retain(|name, _| paths.contains(&format!("\"#/components/{kind}/{name}\"")));
    Value::Object(components)
}

impl OpenApi {
    /// Of the contract.
    ///
    /// # Errors
    /// The descriptors are none, or have no resources: a fault of whoever changed them.
    pub fn of_contract(
        descriptors: &[u8],
        mode: Mode,
        server: &str,
    ) -> Result<Self, RestTableError> {
        let table = RestTable::of_contract(descriptors)?;
        let pool = DescriptorPool::decode(descriptors)
            .map_err(|error| RestTableError::new(error.to_string()))?;
        let comments = Comments::of(&pool);
        let mut schemas = Schemas::new(&comments);
        let resources: Vec<&Resource> = table.resources().filter(|one| mode.has(one)).collect();
        for resource in resources.iter().filter(|one| one.has_body) {
            schemas.note_sent(&resource.call.input());
        }
        let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        let mut services = BTreeMap::new();
        for resource in &resources {
            let service = resource.call.parent_service();
            services.insert(general::tag(service), comments.of_service(service));
            let shared = resources
                .iter()
                .any(|other| other.path == resource.path && other.method != resource.method);
            let told = operation(resource, shared, &comments, &mut schemas);
            let of_path = paths.entry(resource.path.clone()).or_default();
            of_path.insert(resource.method.as_str().to_lowercase(), told);
        }
        let status = Map::from_iter([("get".to_owned(), general::status())]);
        paths.insert("/status".to_owned(), status);
        services.insert(
            general::OF_THE_SERVICE.to_owned(),
            "The service itself.".to_owned(),
        );
        let tags = services
            .into_iter()
            .map(|(name, description)| json!({"name": name, "description": description}));
        if let Some(reasons) = error::reasons(&pool) {
            let reason = schemas.enumeration(&reasons);
            schemas.add("Problem", error::problem(reason));
        }
        let mut asked = serde_json::to_string(&paths).unwrap_or_default();
        let responses = used(&asked, "responses", error::responses(&pool, &comments));
        asked += &responses.to_string();
        let used = |kind: &str, components: Value| used(&asked, kind, components);
        Ok(Self {
            openapi: "3.0.3",
            info: general::info(mode, server),
            servers: general::servers(server),
            tags: tags.collect(),
            paths,
            components: json!({
                "schemas": schemas.finish(),
                "responses": responses,
                "headers": used("headers", header::components()),
                "parameters": used("parameters", parameter::components()),
                "securitySchemes": general::security_schemes(),
            }),
        })
    }

    /// As YAML.
    ///
    /// # Errors
    /// None is known: it is made of texts, numbers and lists.
    pub fn yaml(&self) -> Result<String, RestTableError> {
        serde_saphyr::to_string(self).map_err(|error| RestTableError::new(error.to_string()))
    }

    /// As JSON.
    ///
    /// # Errors
    /// As for [`Self::yaml`].
    pub fn json(&self) -> Result<String, RestTableError> {
        serde_json::to_string_pretty(self)
            .map(|text| text + "\n")
            .map_err(|error| RestTableError::new(error.to_string()))
    }
}
