//! The selection that a flight descriptor holds: an `ExportDecreesRequest` as its bytes or as JSON.
//!
//! ```
//! use omnia::flight::command;
//!
//! let json = br#"{"normativa": "DL109-2018-ART44", "filtro": {"numero_decreto": "1"}, "rilevazione": 3}"#;
//! let request = command::read(json).unwrap();
//! assert_eq!(request.rilevazione, 3);
//! assert_eq!(command::read(&prost::Message::encode_to_vec(&request)).unwrap(), request);
//! ```
//!
//! JSON is what begins with a brace, after blanks. No request begins so: the only field whose tag is a blank, `normativa`
//! (0x0a), goes on with its length and a code, and no code begins with a brace.

use std::sync::OnceLock;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

use super::sql;
use crate::{
    contract::{
        flight::protocol::{FlightDescriptor, flight_descriptor::DescriptorType},
        proto::{ExportDecreesRequest, FILE_DESCRIPTOR_SET, PACKAGE},
    },
    error::{Error, Result, Violation},
    valori::ValueDefect,
};

const COMMAND: ValueDefect = ValueDefect::new(
    "must be an ExportDecreesRequest: its bytes, or its JSON",
    "deve essere una ExportDecreesRequest: i suoi byte, o il suo JSON",
);
const DESCRIPTOR: ValueDefect = ValueDefect::new(
    "must be a command that holds the selection, or a path of one norm",
    "deve essere un comando con la selezione, o un percorso con una normativa",
);

/// The selection of a descriptor. A path is the code of a norm: all of it.
///
/// # Errors
/// [`crate::error::Reason::InvalidRequest`] where there is none.
pub fn from_descriptor(descriptor: &FlightDescriptor) -> Result<ExportDecreesRequest> {
    match (descriptor.r#type(), descriptor.path.as_slice()) {
        (DescriptorType::Cmd, _) => read(&descriptor.cmd),
        (DescriptorType::Path, [normativa]) => Ok(ExportDecreesRequest {
            normativa: normativa.clone(),
            ..ExportDecreesRequest::default()
        }),
        _ => Err(invalid("flight_descriptor", DESCRIPTOR)),
    }
}

/// The selection of a command.
///
/// # Errors
/// [`crate::error::Reason::InvalidRequest`] where there is none; [`crate::error::Reason::FlightSqlUnsupported`].
pub fn read(command: &[u8]) -> Result<ExportDecreesRequest> {
    sql::refuse(command)?;
    let read = if command.trim_ascii_start().starts_with(b"{") {
        from_json(command)
    } else {
        ExportDecreesRequest::decode(command).ok()
    };
    read.ok_or_else(|| invalid("flight_descriptor.cmd", COMMAND))
}

fn from_json(json: &[u8]) -> Option<ExportDecreesRequest> {
    let mut json = serde_json::Deserializer::from_slice(json);
    let message = DynamicMessage::deserialize(descriptor()?, &mut json).ok()?;
    json.end().ok()?;
    message.transcode_to().ok()
}

fn descriptor() -> Option<MessageDescriptor> {
    static DESCRIPTOR: OnceLock<Option<MessageDescriptor>> = OnceLock::new();
    let read = || {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).ok()?;
        pool.get_message_by_name(&format!("{PACKAGE}.ExportDecreesRequest"))
    };
    DESCRIPTOR.get_or_init(read).clone()
}

/// One field that is wrong.
pub(super) fn invalid(field: &str, defect: ValueDefect) -> Error {
    Error::invalid(vec![Violation {
        field: field.to_owned(),
        defect,
    }])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contract::proto::{FiltroDecreti, Periodo};

    fn request() -> impl Strategy<Value = ExportDecreesRequest> {
        ("[A-Z0-9-]{0,40}", "[0-9/ ]{0,9}", any::<i32>(), 0..3_i32).prop_map(
            |(normativa, numero_decreto, rilevazione, criterio)| ExportDecreesRequest {
                normativa,
                filtro: Some(FiltroDecreti {
                    numero_decreto,
                    periodo: Some(Periodo {
                        dal: "2023-01-01".into(),
                        al: String::new(),
                        criterio,
                    }),
                    ..FiltroDecreti::default()
                }),
                rilevazione,
                resume_token: String::new(),
            },
        )
    }

    proptest! {
        #[test]
        fn bytes_and_json_say_the_same(request in request(), blanks in "[ \t\r\n]{0,3}") {
            let bytes = request.encode_to_vec();
            prop_assert_eq!(&read(&bytes).unwrap(), &request);
            let message = DynamicMessage::decode(descriptor().unwrap(), bytes.as_slice()).unwrap();
            let json = format!("{blanks}{}", serde_json::to_string(&message).unwrap());
            prop_assert_eq!(&read(json.as_bytes()).unwrap(), &request);
        }

        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&bytes);
        }
    }

    #[test]
    fn names_of_the_contract_or_of_json() {
        for json in [
            r#"{"normativa":"A","filtro":{"cf_azienda":"x"}}"#,
            r#"{"normativa":"A","filtro":{"cfAzienda":"x"}}"#,
        ] {
            let request = read(json.as_bytes()).unwrap();
            assert_eq!(request.filtro.unwrap().cf_azienda, "x");
        }
        for bad in [
            r#"{"norma":"A"}"#,
            r#"{"normativa":"A"} x"#,
            "{",
            r#""A""#,
            "A",
        ] {
            let error = read(bad.as_bytes()).unwrap_err();
            assert_eq!(error.violations[0].field, "flight_descriptor.cmd", "{bad}");
        }
    }

    #[test]
    fn descriptors() {
        let path = |parts: &[&str]| FlightDescriptor {
            r#type: DescriptorType::Path.into(),
            path: parts.iter().map(|part| (*part).to_owned()).collect(),
            ..FlightDescriptor::default()
        };
        assert_eq!(from_descriptor(&path(&["A"])).unwrap().normativa, "A");
        for bad in [path(&[]), path(&["A", "B"]), FlightDescriptor::default()] {
            let error = from_descriptor(&bad).unwrap_err();
            assert_eq!(error.violations[0].field, "flight_descriptor");
        }
    }
}
