//! Resources that will go.

use omnia::{
    contract::proto::{FILE_DESCRIPTOR_SET, PACKAGE},
    rest::{
        RestTableError,
        openapi::{Mode, OpenApi},
    },
};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, Value as ReflectValue};
use serde_json::Value;

const SERVER: &str = "https://omnia.inps.example";

/// A resource that will go says so, as the contract does; a day that is none, or a sunset alone, is a fault of the contract.
#[test]
fn the_end_of_a_resource_stands_in_the_contract() {
    let with = |days: &[(&str, &str)]| {
        let descriptors = with_end_of_life("GetMyAccess", days);
        let document = OpenApi::of_contract(&descriptors, Mode::Reads, SERVER)?;
        let document: Value = serde_json::from_str(&document.json()?).unwrap();
        Ok::<_, RestTableError>(document["paths"]["/v1/accesso"]["get"]["deprecated"].clone())
    };
    let until = ("sunset", "2028-01-01");
    assert_eq!(with(&[]).unwrap(), Value::Null);
    assert_eq!(with(&[("deprecation", "2027-01-01")]).unwrap(), true);
    assert_eq!(with(&[("deprecation", "2027-01-01"), until]).unwrap(), true);
    assert!(with(&[("deprecation", "2027-02-30"), until]).is_err());
    assert!(with(&[("deprecation", "2029-01-01"), until]).is_err());
    assert!(with(&[until]).is_err());
}

/// The contract, but for these members of the rule of a call.
fn with_end_of_life(call: &str, days: &[(&str, &str)]) -> Vec<u8> {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    let http = pool
        .get_extension_by_name(&format!("{PACKAGE}.http"))
        .unwrap();
    let set = pool
        .get_message_by_name("google.protobuf.FileDescriptorSet")
        .unwrap();
    let mut set = DynamicMessage::decode(set, FILE_DESCRIPTOR_SET).unwrap();
    let named = |message: &DynamicMessage, name: &str| {
        message.get_field_by_name("name").unwrap().as_str() == Some(name)
    };
    let files = set
        .get_field_by_name_mut("file")
        .unwrap()
        .as_list_mut()
        .unwrap();
    for file in files.iter_mut().filter_map(ReflectValue::as_message_mut) {
        let services = file
            .get_field_by_name_mut("service")
            .unwrap()
            .as_list_mut()
            .unwrap();
        for service in services.iter_mut().filter_map(ReflectValue::as_message_mut) {
            let calls = service
                .get_field_by_name_mut("method")
                .unwrap()
                .as_list_mut()
                .unwrap();
            let calls = calls.iter_mut().filter_map(ReflectValue::as_message_mut);
            for one in calls.filter(|one| named(one, call)) {
                let options = one
                    .get_field_by_name_mut("options")
                    .unwrap()
                    .as_message_mut();
                let rule = options
                    .unwrap()
                    .get_extension_mut(&http)
                    .as_message_mut()
                    .unwrap();
                for (name, day) in days {
                    rule.set_field_by_name(name, ReflectValue::String((*day).to_owned()));
                }
            }
        }
    }
    set.encode_to_vec()
}
