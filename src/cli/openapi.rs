//! `omnia openapi`: the resources as OpenAPI.

use std::process::ExitCode;

use clap::Args;

use crate::{
    contract::proto::FILE_DESCRIPTOR_SET,
    error::Sentence,
    output::stdio::out,
    rest::openapi::{Mode, OpenApi, PLACEHOLDER},
};

/// Print the resources in HTTP and JSON as an OpenAPI 3.0 document: those that read, or those of the grants.
///
/// The catalogue of PDND takes one document for each: an e-service either reads or writes.
#[derive(Debug, Args)]
pub(super) struct PrintOpenApi {
    /// The resources that read: reports, decrees, figures over time. This is what is printed unless it is said.
    #[arg(long, conflicts_with = "scritture")]
    letture: bool,
    /// The resources of the grants.
    #[arg(long)]
    scritture: bool,
    /// As JSON. Without it: YAML.
    #[arg(long)]
    json: bool,
    /// Where the service is reached.
    #[arg(long, value_name = "URL", default_value = PLACEHOLDER, value_parser = https)]
    server: String,
}

impl PrintOpenApi {
    /// Prints it.
    ///
    /// # Errors
    /// A sentence: the contract cannot be spelt.
    pub(super) fn run(&self) -> Result<ExitCode, Sentence> {
        let mode = match (self.letture, self.scritture) {
            (false, true) => Mode::Writes,
            _ => Mode::Reads,
        };
        let document = OpenApi::of_contract(FILE_DESCRIPTOR_SET, mode, &self.server)?;
        let text = match self.json {
            true => document.json()?,
            false => document.yaml()?,
        };
        out!("{text}");
        Ok(ExitCode::SUCCESS)
    }
}

/// Tokens travel to it.
fn https(text: &str) -> Result<String, String> {
    match text.strip_prefix("https://") {
        Some(host) if !host.is_empty() && !text.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err("must be an https URL".to_owned()),
    }
}
