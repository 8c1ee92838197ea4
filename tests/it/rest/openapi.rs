//! The OpenAPI documents: what they say is what the contract says, and nothing in them is without an end.

use std::collections::BTreeSet;

use expect_test::expect_file;
use omnia::{
    contract::proto::FILE_DESCRIPTOR_SET,
    rest::{
        RestTable,
        openapi::{Mode, OpenApi},
    },
};
use serde_json::{Value, json};

const SERVER: &str = "https://omnia.inps.example";
const MODES: [Mode; 2] = [Mode::Reads, Mode::Writes];

fn document(mode: Mode) -> OpenApi {
    OpenApi::of_contract(FILE_DESCRIPTOR_SET, mode, SERVER).unwrap()
}

fn json(mode: Mode) -> Value {
    serde_json::from_str(&document(mode).json().unwrap()).unwrap()
}

/// To accept a change: `UPDATE_EXPECT=1 cargo test --test it rest::openapi`, and have it reviewed.
#[test]
fn the_documents_are_those_that_were_reviewed() {
    let reads = document(Mode::Reads).yaml().unwrap();
    expect_file!["../../openapi/letture.yaml"].assert_eq(&reads);
    let writes = document(Mode::Writes).yaml().unwrap();
    expect_file!["../../openapi/scritture.yaml"].assert_eq(&writes);
}

#[test]
fn yaml_and_json_are_the_same_document() {
    for mode in MODES {
        let yaml = document(mode).yaml().unwrap();
        let yaml: Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(yaml, json(mode), "{mode:?}");
    }
}

/// The operations of a document, as `GET /v1/x`.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            all.push((format!("{} {path}", method.to_uppercase()), operation));
        }
    }
    all
}

#[test]
fn every_resource_is_in_one_document() {
    let table = RestTable::of_contract(FILE_DESCRIPTOR_SET).unwrap();
    let mut expected: Vec<String> = table.resources().map(|one| one.spelling()).collect();
    expected.extend(MODES.map(|_| "GET /status".to_owned()));
    expected.sort();
    let documents = MODES.map(json);
    let operations = documents.iter().flat_map(operations);
    let mut told: Vec<String> = operations.map(|(spelling, _)| spelling).collect();
    told.sort();
    assert_eq!(told, expected);
    let [reads, writes] = &documents;
    for (spelling, _) in self::operations(reads) {
        assert!(!spelling.contains("/abilitazioni"), "{spelling}");
    }
    for (spelling, _) in self::operations(writes) {
        let of_grants = spelling.contains(" /v1/abilitazioni");
        assert!(of_grants || spelling == "GET /status", "{spelling}");
    }
}

#[test]
fn every_operation_is_told_and_secured_and_has_a_name_of_its_own() {
    for mode in MODES {
        let document = json(mode);
        let mut ids = BTreeSet::new();
        for (spelling, operation) in operations(&document) {
            let text = |name: &str| operation[name].as_str().unwrap().to_owned();
            assert!(ids.insert(text("operationId")), "{spelling}: twice");
            let summary = text("summary");
            assert!(!summary.is_empty() && !summary.ends_with('.'), "{spelling}");
            let told = text("summary") + text("description").as_str();
            for word in ["intestazione, pezzi", "Errors:", "ERROR_REASON"] {
                assert!(!told.contains(word), "{spelling}: {word}");
            }
            let secured = operation["security"].as_array().unwrap().len();
            assert_eq!(secured > 0, spelling != "GET /status", "{spelling}");
        }
    }
}

/// Visits every object, with where it is.
fn visit(value: &Value, place: &str, see: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            see(place, value);
            for (name, member) in members {
                visit(member, &format!("{place}/{name}"), see);
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                visit(item, &format!("{place}/{n}"), see);
            }
        }
        _ => {}
    }
}

#[test]
fn every_value_has_an_end_and_every_reference_leads_somewhere() {
    for mode in MODES {
        let document = json(mode);
        let (mut used, mut seen) = (BTreeSet::new(), 0);
        visit(&document, "", &mut |place, value| {
            seen += 1;
            let has = |name: &str| value.get(name).is_some();
            match value["type"].as_str() {
                _ if place.ends_with("/properties") || place.contains("/example") => {}
                Some("string") => {
                    let ends = has("maxLength") || has("enum") || value["format"] == "binary";
                    assert!(ends, "{place}: a text without an end");
                }
                Some("integer") => assert!(has("format") && has("minimum"), "{place}"),
                Some("array") => assert!(has("maxItems"), "{place}"),
                Some("number") => panic!("{place}: the contract has none"),
                _ => {}
            }
            if let Some(to) = value["$ref"].as_str() {
                let pointer = to.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{place}: {to}");
                used.insert(pointer.to_owned());
            }
        });
        assert!(seen > 100);
        for (kind, components) in document["components"].as_object().unwrap() {
            for name in components.as_object().unwrap().keys() {
                let place = format!("/components/{kind}/{name}");
                let used = used.contains(&place) || kind == "securitySchemes";
                assert!(used, "{place}: nothing refers to it");
            }
        }
    }
}

#[test]
fn no_parameter_may_name_a_person_and_a_body_has_no_field_of_the_path() {
    let reads = json(Mode::Reads);
    for (spelling, operation) in operations(&reads) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        for parameter in parameters {
            assert_ne!(parameter["name"], "cf_azienda", "{spelling}");
        }
    }
    let schemas = &reads["components"]["schemas"];
    let body = &schemas["ListDecreesRequest"];
    assert_eq!(body["properties"].get("normativa"), None);
    assert_eq!(body["additionalProperties"], false);
    assert_eq!(body.get("required"), None);
    assert!(
        schemas["FiltroDecreti"]["properties"]
            .get("cf_azienda")
            .is_some()
    );
    // Of an answer, what is always there is said to be.
    let row = schemas["DettaglioDecreto"]["required"].as_array().unwrap();
    assert_eq!(row.len(), 11);
}

#[test]
fn what_a_request_must_say_is_told() {
    let reads = json(Mode::Reads);
    let schemas = &reads["components"]["schemas"];
    let download = &schemas["DownloadDecreesRequest"];
    assert_eq!(download["required"], json!(["formato"]));
    assert_eq!(download["properties"].get("offset"), None);
    let values = download["properties"]["formato"]["enum"].as_array();
    assert_eq!(values.unwrap()[0], "FORMATO_FILE_CSV");
    let one_of_two = json!({"required": ["profilo", "soggetto"]});
    assert_eq!(schemas["ExplainAccessRequest"]["not"], one_of_two);
    let request = &json(Mode::Writes)["components"]["schemas"]["RecordRequestRequest"];
    let required = request["required"].as_array().unwrap();
    assert_eq!(required.len(), 9);
    assert!(!required.contains(&json!("limiti")) && !required.contains(&json!("sostituisce")));
    // A grant is answered with what a request need not say.
    let ambito = &json(Mode::Writes)["components"]["schemas"]["Ambito"];
    assert_eq!(ambito.get("required"), None);
}

#[test]
fn every_request_has_an_example_and_every_example_a_request() {
    let questions = include_str!("../../../src/rest/openapi/questions.json");
    let questions: Value = serde_json::from_str(questions).unwrap();
    let names = |kind: &str| -> BTreeSet<String> {
        let examples = questions[kind].as_object().unwrap();
        examples.keys().cloned().collect()
    };
    let (mut parameters, mut bodies) = (BTreeSet::new(), BTreeSet::new());
    let documents = MODES.map(json);
    for (spelling, operation) in documents.iter().flat_map(operations) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            // A header, or what an answer before gave.
            if name.is_empty() || name.ends_with("_token") {
                continue;
            }
            assert!(parameter.get("example").is_some(), "{spelling}: {name}");
            parameters.insert(name.to_owned());
        }
        if let Some(body) = operation.get("requestBody") {
            let example = body.pointer("/content/application~1json/example");
            assert!(example.is_some(), "{spelling}");
            bodies.insert(operation["operationId"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(parameters, names("parameters"));
    assert_eq!(bodies, names("bodies"));
}

#[test]
fn the_statuses_are_those_of_the_reasons_that_the_comments_name() {
    let writes = json(Mode::Writes);
    let statuses = |document: &Value, spelling: &str| -> Vec<String> {
        let all = operations(document);
        let (_, operation) = all.iter().find(|(one, _)| one == spelling).unwrap();
        let responses = operation["responses"].as_object().unwrap();
        responses.keys().cloned().collect()
    };
    let approval = statuses(&writes, "POST /v1/abilitazioni/{id}/approvazione");
    let expected = [
        "200", "400", "401", "403", "404", "406", "408", "409", "413", "415", "422", "429", "500",
        "503",
    ];
    assert_eq!(approval, expected);
    let reads = json(Mode::Reads);
    let file = statuses(&reads, "GET /v1/report-sintetico/file");
    let expected = [
        "200", "206", "304", "400", "401", "403", "404", "406", "409", "416", "429", "500", "503",
        "504",
    ];
    assert_eq!(file, expected);
    let own = statuses(&reads, "GET /v1/accesso");
    let expected = ["200", "400", "401", "403", "406", "429", "500", "503"];
    assert_eq!(own, expected);
}
