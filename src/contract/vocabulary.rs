//! The words that the policy may use, read from the contract.
//!
//! ```
//! let vocabulary = omnia::contract::vocabulary::Vocabulary::of_contract().unwrap();
//! let list = vocabulary.rpc("DecreeService/ListDecrees").unwrap();
//! assert!(list.filtri().contains("cf_azienda"));
//! assert!(list.colonne().contains("cf_azienda.persona_fisica"));
//! ```
//!
//! There is no hand-written list of calls, filters and columns: a field added to a message marked `filtri` or `colonne`
//! (`vocabulary.proto`) is a new word, and the service does not start until the policy says who may use it.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use prost_reflect::{DescriptorPool, ExtensionDescriptor, MessageDescriptor, Value};

use super::{
    flight,
    proto::{FILE_DESCRIPTOR_SET, PACKAGE},
};

/// What the column or filter of a field marked `persona_fisica` is called where the value is a natural person's.
pub(crate) const PERSONA_FISICA: &str = ".persona_fisica";

/// The descriptor set is not one that the vocabulary can be read from: a fault of the build.
#[derive(Debug, thiserror::Error)]
#[error("the contract's descriptor set cannot be read: {0}")]
pub struct VocabularyError(String);

/// Every RPC of the contract, and those of Arrow Flight that are answered, with their filters and columns. Cheap to
/// clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary(Arc<BTreeMap<String, RpcVocabulary>>);

/// The filters and columns of one RPC. Two messages of one answer may have a column of the same name: it is one
/// word, seen in both or in neither.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RpcVocabulary {
    filtri: BTreeSet<String>,
    colonne: BTreeSet<String>,
    stream: bool,
}

impl Vocabulary {
    /// Reads the contract that this program was built with.
    ///
    /// # Errors
    /// The embedded descriptor set is broken.
    pub fn of_contract() -> Result<Self, VocabularyError> {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET)
            .map_err(|error| VocabularyError(error.to_string()))?;
        let mut rpcs = Self::of_package(&pool, PACKAGE)?;
        rpcs.extend(Self::of_flight(&pool, PACKAGE)?);
        Ok(Self(Arc::new(rpcs)))
    }

    fn of_package(
        pool: &DescriptorPool,
        package: &str,
    ) -> Result<BTreeMap<String, RpcVocabulary>, VocabularyError> {
        let marks = Marks::of(pool, package)?;
        let mut rpcs = BTreeMap::new();
        for service in pool
            .services()
            .filter(|service| service.package_name() == package)
        {
            for method in service.methods() {
                rpcs.insert(
                    format!("{}/{}", service.name(), method.name()),
                    RpcVocabulary {
                        filtri: marks.names(&method.input(), &marks.filtri)?,
                        colonne: marks.names(&method.output(), &marks.colonne)?,
                        stream: method.is_server_streaming(),
                    },
                );
            }
        }
        Ok(rpcs)
    }

    /// The calls of Arrow Flight, whose own messages say nothing of a selection or of rows: the bytes in them are
    /// an `ExportDecreesRequest`, and its answer in another form.
    fn of_flight(
        pool: &DescriptorPool,
        package: &str,
    ) -> Result<BTreeMap<String, RpcVocabulary>, VocabularyError> {
        let marks = Marks::of(pool, package)?;
        let message = |name: &str| {
            let full = format!("{package}.{name}");
            pool.get_message_by_name(&full)
                .ok_or_else(|| VocabularyError(format!("the message {full} is not there")))
        };
        let filtri = marks.names(&message("ExportDecreesRequest")?, &marks.filtri)?;
        let totali = marks.names(&message("ExportDecreesResponse")?, &marks.colonne)?;
        let colonne = marks.names(&message("DettaglioDecreto")?, &marks.colonne)?;
        let calls = [
            // The schema of each norm.
            (flight::LIST_FLIGHTS, BTreeSet::new(), colonne.clone(), true),
            (
                flight::GET_FLIGHT_INFO,
                filtri.clone(),
                totali.clone(),
                false,
            ),
            (flight::GET_SCHEMA, filtri.clone(), colonne, false),
            (flight::DO_GET, filtri, totali, true),
        ];
        Ok(calls
            .into_iter()
            .map(|(rpc, filtri, colonne, stream)| {
                let words = RpcVocabulary {
                    filtri,
                    colonne,
                    stream,
                };
                (rpc.to_owned(), words)
            })
            .collect())
    }

    /// The words of one RPC (`"DecreeService/ListDecrees"`), if there is such an RPC.
    #[must_use]
    pub fn rpc(&self, rpc: &str) -> Option<&RpcVocabulary> {
        self.0.get(rpc)
    }

    /// Every RPC, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RpcVocabulary)> {
        self.0.iter().map(|(rpc, words)| (rpc.as_str(), words))
    }
}

impl RpcVocabulary {
    /// The filters that a request of this RPC may hold.
    #[must_use]
    pub fn filtri(&self) -> &BTreeSet<String> {
        &self.filtri
    }

    /// The columns that an answer of this RPC may hold.
    #[must_use]
    pub fn colonne(&self) -> &BTreeSet<String> {
        &self.colonne
    }

    /// Whether it answers with a stream.
    #[must_use]
    pub fn streams(&self) -> bool {
        self.stream
    }
}

/// The options of `vocabulary.proto`.
struct Marks {
    filtri: ExtensionDescriptor,
    colonne: ExtensionDescriptor,
    file_di: ExtensionDescriptor,
    persona_fisica: ExtensionDescriptor,
}

impl Marks {
    fn of(pool: &DescriptorPool, package: &str) -> Result<Self, VocabularyError> {
        let find = |name: &str| {
            let full = format!("{package}.{name}");
            pool.all_extensions()
                .find(|extension| extension.full_name() == full)
                .ok_or_else(|| VocabularyError(format!("the option {full} is not there")))
        };
        Ok(Self {
            filtri: find("filtri")?,
            colonne: find("colonne")?,
            file_di: find("file_di")?,
            persona_fisica: find("persona_fisica")?,
        })
    }

    /// The fields of every message that carries `mark` and can be reached from `root`, by its fields or in a file.
    fn names(
        &self,
        root: &MessageDescriptor,
        mark: &ExtensionDescriptor,
    ) -> Result<BTreeSet<String>, VocabularyError> {
        let mut names = BTreeSet::new();
        let mut seen = HashSet::new();
        let mut open = vec![root.clone()];
        while let Some(message) = open.pop() {
            if !seen.insert(message.full_name().to_owned()) {
                continue;
            }
            open.extend(self.in_file(&message)?);
            let marked = is_set(&message.options().get_extension(mark));
            // A column is a value; what holds values has columns of its own.
            let holders_too = *mark != self.colonne;
            // Fields of a oneof are among fields().
            for field in message.fields() {
                if marked && (holders_too || field.kind().as_message().is_none()) {
                    if is_set(&field.options().get_extension(&self.persona_fisica)) {
                        names.insert(format!("{}{PERSONA_FISICA}", field.name()));
                    }
                    names.insert(field.name().to_owned());
                }
                if let Some(inner) = field.kind().as_message() {
                    open.push(inner.clone());
                }
            }
        }
        Ok(names)
    }

    /// What the rows of a file in this message are, if it says so.
    fn in_file(
        &self,
        message: &MessageDescriptor,
    ) -> Result<Option<MessageDescriptor>, VocabularyError> {
        let options = message.options();
        let value = options.get_extension(&self.file_di);
        let Some(name) = value.as_str().filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        let full = format!("{}.{name}", message.package_name());
        let found = message.parent_pool().get_message_by_name(&full);
        found
            .map(Some)
            .ok_or_else(|| VocabularyError(format!("{}: there is no {full}", message.full_name())))
    }
}

fn is_set(value: &Value) -> bool {
    value.as_bool() == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn words_are_those_of_the_contract() {
        let vocabulary = Vocabulary::of_contract().unwrap();
        let filtri = set(&[
            "codifica_sistema_unico",
            "numero_decreto",
            "periodo",
            "cf_azienda",
            "cf_azienda.persona_fisica",
            "matricola_azienda",
        ]);
        for rpc in ["ListDecrees", "CountDecrees", "ExportDecrees"] {
            let words = vocabulary.rpc(&format!("DecreeService/{rpc}")).unwrap();
            assert_eq!(words.filtri, filtri, "{rpc}");
        }
        let count = vocabulary.rpc("DecreeService/CountDecrees").unwrap();
        assert_eq!(
            count.colonne,
            set(&[
                "righe",
                "ore_decretate",
                "importi_autorizzati",
                "importi_erogati"
            ])
        );
        // Through the oneof of the stream: rows and control totals.
        let export = vocabulary.rpc("DecreeService/ExportDecrees").unwrap();
        let list = vocabulary.rpc("DecreeService/ListDecrees").unwrap();
        assert_eq!(
            export.colonne,
            &list.colonne | &count.colonne,
            "rows and totals"
        );
        assert!(list.colonne.contains("cf_azienda.persona_fisica"));
        assert!(!list.colonne.contains("righe"));

        // A file holds bytes: its message says what rows they are.
        let download = vocabulary.rpc("DecreeService/DownloadDecrees").unwrap();
        assert_eq!(download.colonne, export.colonne);
        assert_eq!(download.filtri, filtri);

        let report = vocabulary.rpc("ReportService/GetReportSintetico").unwrap();
        let download = vocabulary
            .rpc("ReportService/DownloadReportSintetico")
            .unwrap();
        assert_eq!(download.colonne, report.colonne);
        assert_eq!(download.filtri, report.filtri);
        assert_eq!(report.filtri, set(&["normativa", "prestazione", "periodo"]));
        assert!(report.colonne.contains("residuo_pagato"));
        for rpc in [flight::DO_GET, flight::GET_FLIGHT_INFO] {
            let words = vocabulary.rpc(rpc).unwrap();
            assert_eq!(words.filtri, filtri, "{rpc}");
            assert_eq!(words.colonne, export.colonne, "{rpc}");
        }
        let access = vocabulary.rpc("AccessService/GetMyAccess").unwrap();
        assert_eq!(*access, RpcVocabulary::default());
    }

    #[test]
    fn every_rpc_of_the_package_and_no_other() {
        let vocabulary = Vocabulary::of_contract().unwrap();
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
        let methods: usize = pool.services().map(|service| service.methods().len()).sum();
        assert_eq!(vocabulary.iter().count(), methods + flight::CHIAMATE.len());
        let flight = |(rpc, _): &(&str, &RpcVocabulary)| rpc.starts_with("FlightService/");
        assert_eq!(
            vocabulary.iter().filter(flight).count(),
            flight::CHIAMATE.len()
        );
        assert!(vocabulary.rpc("ListDecrees").is_none());
        assert!(vocabulary.rpc("DecreeService/listdecrees").is_none());
    }

    #[test]
    fn a_descriptor_set_without_the_options_is_refused() {
        let error = Vocabulary::of_package(&DescriptorPool::new(), PACKAGE).unwrap_err();
        assert!(error.to_string().contains("filtri"), "{error}");
    }
}
