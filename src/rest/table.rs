//! Which resource is which call: read from the options of the contract once, when the service starts.

use std::sync::Arc;

use prost_reflect::{DescriptorPool, DynamicMessage, ExtensionDescriptor, MethodDescriptor, Value};

use super::{
    batch::BatchPlan,
    end_of_life::EndOfLife,
    parameter::{Parameter, parameters},
    template::{PathTemplate, PathValue},
};
use crate::contract::proto::PACKAGE;

/// The resources of the contract.
#[derive(Debug)]
pub struct RestTable(Vec<Resource>);

/// A call by one of its spellings in HTTP.
#[derive(Debug)]
pub struct Resource {
    /// GET or POST.
    pub(super) method: http::Method,
    pub(super) template: PathTemplate,
    /// The template, as the contract has it.
    pub(super) path: String,
    /// Whether the body is the request.
    pub(super) has_body: bool,
    /// What the path and the query may say; with a body, the path alone.
    pub(super) parameters: Vec<Parameter>,
    /// The call.
    pub(super) call: MethodDescriptor,
    /// Its name: `"DecreeService/ListDecrees"`.
    pub rpc: String,
    /// What it answers with.
    pub(super) form: AnswerForm,
    /// Whether a caller may keep its answer, to ask whether it still holds.
    pub(super) is_kept: bool,
    /// Where it will go.
    pub(super) end_of_life: Option<EndOfLife>,
}

/// The form of an answer.
#[derive(Debug)]
pub(super) enum AnswerForm {
    /// One message.
    Json,
    /// Messages with rows, and how these are spelt.
    Lines(Arc<BatchPlan>),
    /// The pieces of a file.
    File,
}

impl AnswerForm {
    /// Its media type. `None`: that of the file.
    pub(super) fn media_type(&self) -> Option<&'static str> {
        match self {
            Self::Json => Some("application/json"),
            Self::Lines(_) => Some("application/x-ndjson"),
            Self::File => None,
        }
    }
}

/// Where a request leads.
#[derive(Debug)]
pub(super) enum Destination<'a> {
    /// To a resource, with what its path says.
    Resource(&'a Resource, Vec<PathValue<'a>>),
    /// The path has other methods only.
    OtherMethods(Vec<&'a http::Method>),
    /// There is no such path.
    Nothing,
}

/// Why the contract cannot be spelt in HTTP: a fault of whoever changed it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RestTableError(String);

impl RestTableError {
    pub(super) fn new(why: String) -> Self {
        Self(why)
    }
}

impl RestTable {
    /// Of the contract.
    ///
    /// # Errors
    /// An option that says no resource, two calls of one spelling, two parameters of one name.
    pub fn of_contract(descriptors: &[u8]) -> Result<Self, RestTableError> {
        let failed = |why: String| RestTableError(why);
        let pool =
            DescriptorPool::decode(descriptors).map_err(|error| failed(error.to_string()))?;
        let option = |name: &str| {
            let full = format!("{PACKAGE}.{name}");
            pool.all_extensions()
                .find(|extension| extension.full_name() == full)
                .ok_or_else(|| failed(format!("the option {full} is not there")))
        };
        let options = ContractOptions {
            rule: option("http")?,
            hidden: [option("persona_fisica")?, option("never_in_url")?],
            file: option("file_di")?,
        };
        let mut resources = Vec::new();
        for service in pool
            .services()
            .filter(|service| service.package_name() == PACKAGE)
        {
            for call in service.methods() {
                let value = call.options();
                let value = value.get_extension(&options.rule);
                let Some(rule) = value
                    .as_message()
                    .filter(|_| call.options().has_extension(&options.rule))
                else {
                    return Err(failed(format!("{}: no http", call.full_name())));
                };
                add(&mut resources, &call, rule, &options)
                    .ok_or_else(|| failed(format!("{}: no such resource", call.full_name())))?;
            }
        }
        // Fixed parts before fields.
        resources.sort_by(|a: &Resource, b: &Resource| a.template.rank().cmp(&b.template.rank()));
        for (n, one) in resources.iter().enumerate() {
            let twin = |other: &Resource| other.path == one.path && other.method == one.method;
            if resources[n + 1..].iter().any(twin) {
                return Err(failed(format!("{} {}: twice", one.method, one.path)));
            }
            let names: Vec<&str> = one.parameters.iter().map(|p| p.name.as_str()).collect();
            if let Some(name) = names
                .iter()
                .find(|name| names.iter().filter(|n| n == name).count() > 1)
            {
                return Err(failed(format!(
                    "{} {}: {name} is two parameters",
                    one.method, one.path
                )));
            }
        }
        Ok(Self(resources))
    }

    /// All of them, fixed parts before fields.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.0.iter()
    }

    /// Where a request leads. HEAD goes where GET goes.
    pub(super) fn find<'a>(&'a self, method: &http::Method, path: &'a str) -> Destination<'a> {
        let method = match *method {
            http::Method::HEAD => &http::Method::GET,
            _ => method,
        };
        let mut others = Vec::new();
        let mut template = None;
        for resource in &self.0 {
            let Some(values) = resource.template.take(path) else {
                continue;
            };
            // What is fixed is no field, by whatever method: `/v1/abilitazioni/ricerca` is no grant's number.
            if *template.get_or_insert(&resource.template) != &resource.template {
                break;
            }
            if resource.method == *method {
                return Destination::Resource(resource, values);
            }
            others.push(&resource.method);
        }
        match others.is_empty() {
            true => Destination::Nothing,
            false => Destination::OtherMethods(others),
        }
    }
}

impl Resource {
    /// Its method and path.
    #[must_use]
    pub fn spelling(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it answers with a file.
    pub(super) fn is_file(&self) -> bool {
        matches!(self.form, AnswerForm::File)
    }

    /// The fields that a body does not have: those of the path, and of a file its range.
    pub(super) fn elsewhere(&self) -> impl Iterator<Item = &str> {
        let range = self.is_file().then_some(OFFSET);
        self.template.fields().chain(range)
    }

    /// The parameter of this name.
    pub(super) fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|p| p.name == name)
    }
}

/// The options of the contract that are read.
struct ContractOptions {
    rule: ExtensionDescriptor,
    /// Of fields that are no parameters.
    hidden: [ExtensionDescriptor; 2],
    file: ExtensionDescriptor,
}

/// From which byte on a file is wanted: in HTTP a range says that.
const OFFSET: &str = "offset";
/// The calls whose answers a caller may keep, and ask whether they still hold: those without rows of the detail and without grants.
const KEPT: [&str; 11] = [
    "MonitoraggioService/ConfrontaRilevazioni",
    "MonitoraggioService/GetAndamento",
    "MonitoraggioService/GetProiezione",
    "MonitoraggioService/GetStoria",
    "MonitoraggioService/GetTiraggio",
    "MonitoraggioService/VerificaCapienza",
    "ReportService/DownloadReportSintetico",
    "ReportService/GetReportSintetico",
    "ReportService/ListNormative",
    "ReportService/ListPrestazioni",
    "ReportService/ListRilevazioni",
];

/// Adds a rule and its further bindings. `None`: one of them is no resource.
fn add(
    resources: &mut Vec<Resource>,
    call: &MethodDescriptor,
    rule: &DynamicMessage,
    options: &ContractOptions,
) -> Option<()> {
    let text = |name: &str| {
        let value = rule.get_field_by_name(name)?;
        let text = value.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    let (method, path) = match (text("get"), text("post")) {
        (Some(path), None) => (http::Method::GET, path),
        (None, Some(path)) => (http::Method::POST, path),
        _ => return None,
    };
    let has_body = match (&method, text("body").as_deref()) {
        (&http::Method::POST, Some("*")) => true,
        (&http::Method::GET, None) => false,
        _ => return None,
    };
    let template = PathTemplate::parse(&path)?;
    let input = call.input();
    let of_output = call.output().options();
    let is_file = of_output.has_extension(&options.file);
    let form = match (call.is_server_streaming(), is_file) {
        (false, _) => AnswerForm::Json,
        (true, false) => AnswerForm::Lines(Arc::new(BatchPlan::of(&call.output())?)),
        (true, true) => AnswerForm::File,
    };
    let mut all = parameters(&input, &options.hidden);
    all.retain(|parameter| {
        if is_file && parameter.name == OFFSET {
            return false;
        }
        let in_path = template
            .fields()
            .any(|field| field == parameter.name && parameter.is_top());
        in_path || !has_body
    });
    for field in template.fields() {
        all.iter().find(|parameter| parameter.name == field)?;
    }
    let end_of_life = match (text("deprecation"), text("sunset")) {
        (None, None) => None,
        (since, sunset) => Some(EndOfLife::parse(&since?, sunset.as_deref())?),
    };
    let rpc = format!("{}/{}", call.parent_service().name(), call.name());
    resources.push(Resource {
        method,
        template,
        path,
        has_body,
        parameters: all,
        call: call.clone(),
        is_kept: KEPT.contains(&rpc.as_str()),
        rpc,
        form,
        end_of_life,
    });
    let further = rule.get_field_by_name("additional_bindings")?;
    for binding in further.as_list()? {
        let Value::Message(binding) = binding else {
            return None;
        };
        add(resources, call, binding, options)?;
    }
    Some(())
}
