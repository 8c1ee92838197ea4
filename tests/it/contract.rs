//! The contract as others have it: what it consists of, as a text to review, and what it promises about errors.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use expect_test::expect_file;
use omnia::{
    contract::proto::{ErrorReason, FILE_DESCRIPTOR_SET, PACKAGE},
    error::Error,
};
use prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, FileDescriptor, Kind,
    MessageDescriptor,
};
use tonic::{Code, Status};

use crate::errors::contract_error;

fn pool() -> DescriptorPool {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap()
}

fn kind(field: &FieldDescriptor) -> String {
    let kind = match field.kind() {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(kind) => kind.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    };
    let label = match field.cardinality() {
        Cardinality::Repeated => "repeated ",
        _ if field.field_descriptor_proto().proto3_optional() => "optional ",
        _ => "",
    };
    format!("{label}{}", kind.trim_start_matches(&format!("{PACKAGE}.")))
}

fn message(text: &mut String, message: &MessageDescriptor) {
    writeln!(text, "\nmessage {}", message.name()).unwrap();
    for range in message.reserved_ranges() {
        writeln!(text, "  reserved {}", range.start).unwrap();
    }
    let mut fields: Vec<_> = message.fields().collect();
    fields.sort_by_key(FieldDescriptor::number);
    for field in fields {
        let oneof = field
            .containing_oneof()
            .filter(|_| !field.field_descriptor_proto().proto3_optional())
            .map(|oneof| format!(" (oneof {})", oneof.name()))
            .unwrap_or_default();
        let (number, name) = (field.number(), field.name());
        writeln!(text, "  {number} {name} {}{oneof}", kind(&field)).unwrap();
    }
}

fn enumeration(text: &mut String, kind: &EnumDescriptor) {
    writeln!(text, "\nenum {}", kind.name()).unwrap();
    for value in kind.values() {
        writeln!(text, "  {} {}", value.number(), value.name()).unwrap();
    }
}

/// Whatever clients were built against, as a text to review: a line that goes or changes breaks them. To accept a change:
/// `UPDATE_EXPECT=1 cargo test --test it public_surface`.
#[test]
fn public_surface() {
    let pool = pool();
    let mut text = format!("package {PACKAGE}\n");
    let name = |message: MessageDescriptor| message.name().to_owned();
    for service in pool.services() {
        writeln!(text, "\nservice {}", service.name()).unwrap();
        for method in service.methods() {
            let stream = |streams: bool| if streams { "stream " } else { "" };
            writeln!(
                text,
                "  {}({}{}) {}{}",
                method.name(),
                stream(method.is_client_streaming()),
                name(method.input()),
                stream(method.is_server_streaming()),
                name(method.output()),
            )
            .unwrap();
        }
    }
    let ours = |package: &str| package == PACKAGE;
    let messages = pool.all_messages().filter(|m| ours(m.package_name()));
    let messages: BTreeMap<_, _> = messages.map(|m| (m.full_name().to_owned(), m)).collect();
    messages.values().for_each(|m| message(&mut text, m));
    let enums = pool.all_enums().filter(|e| ours(e.package_name()));
    let enums: BTreeMap<_, _> = enums.map(|e| (e.full_name().to_owned(), e)).collect();
    enums.values().for_each(|e| enumeration(&mut text, e));
    expect_file!["../contract.txt"].assert_eq(&text);
}

/// The comment before what stands at a path of a file.
fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let location = info.unwrap().location.iter().find(|l| l.path == path);
    let text = location.and_then(|l| l.leading_comments.clone());
    text.unwrap_or_default()
}

fn reasons(pool: &DescriptorPool) -> Vec<(ErrorReason, String)> {
    let kind = pool
        .get_enum_by_name(&format!("{PACKAGE}.ErrorReason"))
        .unwrap();
    let file = kind.parent_file();
    kind.values()
        .enumerate()
        .map(|(i, value)| {
            // enum_type 0, value i
            let text = comment(&file, &[5, 0, 2, i32::try_from(i).unwrap()]);
            (ErrorReason::try_from(value.number()).unwrap(), text)
        })
        .collect()
}

/// "INVALID_ARGUMENT"
fn spelt(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// Every reason has the code and the hints that its comment promises, and a text of its own.
#[test]
fn every_reason_is_what_its_comment_says() {
    let mut texts = BTreeSet::new();
    let reasons = reasons(&pool());
    for (reason, comment) in &reasons {
        if *reason == ErrorReason::Unspecified {
            assert_eq!(comment.trim(), "Never sent.");
            continue;
        }
        let error = match reason {
            // Without a bad field it is none.
            ErrorReason::InvalidRequest => Error::invalid(vec![omnia::error::Violation {
                field: "page_size".into(),
                defect: omnia::valori::ValueDefect::new("is wrong", "è errato"),
            }]),
            ErrorReason::QuotaExceeded => Error::quota_exhausted(
                "al_secondo",
                omnia::error::ExhaustedQuota {
                    soggetto: "soggetto:client".into(),
                    description: "10 calls a second".into(),
                    retry_after: std::time::Duration::from_secs(1),
                },
            ),
            reason => Error::new(*reason, "a message"),
        };
        let failure = contract_error(&Status::from(error));
        assert_eq!(failure.reason, *reason);
        let code = format!("{}.", spelt(failure.code));
        assert!(
            comment.trim().starts_with(&code),
            "{code} {reason:?}: {comment}"
        );
        let retries = comment.contains("RetryInfo");
        assert_eq!(failure.retry.is_some(), retries, "{reason:?}: {comment}");
        assert!(
            texts.insert(failure.italian),
            "{reason:?} has a text of its own"
        );
    }
    assert!(reasons.len() > 20, "{}", reasons.len());
}

/// Every RPC says which errors it gives, with the code that they have: in its own comment, or in that of its service for
/// those of every call.
#[test]
fn every_rpc_names_its_errors() {
    let pool = pool();
    let reasons = reasons(&pool);
    for service in pool.services() {
        let file = service.parent_file();
        let at = file.services().position(|s| s == service).unwrap();
        let at = i32::try_from(at).unwrap();
        let of_all = comment(&file, &[6, at]);
        for (i, method) in service.methods().enumerate() {
            let name = method.full_name();
            let own = comment(&file, &[6, at, 2, i32::try_from(i).unwrap()]);
            assert!(own.contains("\n Errors: "), "{name}: {own}");
            let told = format!("{of_all} {own}");
            for code in ["UNAUTHENTICATED", "PERMISSION_DENIED"] {
                assert!(told.contains(code), "{name} does not tell of {code}");
            }
            for reason in [
                "DATABASE_UNAVAILABLE",
                "INTERNAL",
                "SHUTTING_DOWN",
                "MESSAGE_MALFORMED",
            ] {
                let needed = reason != "SHUTTING_DOWN" || method.is_server_streaming();
                assert_eq!(
                    told.contains(&format!("ERROR_REASON_{reason}")),
                    needed,
                    "{name} {reason}"
                );
            }
            for word in told.split(|c: char| !(c.is_ascii_uppercase() || c == '_')) {
                if word.starts_with("ERROR_REASON_") {
                    let known = reasons.iter().any(|(r, _)| r.as_str_name() == word);
                    assert!(known, "{name} tells of {word}, which there is not");
                }
            }
        }
    }
}
