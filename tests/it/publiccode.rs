//! `publiccode.yml` has what the standard asks for, and says of the program what is so.

use std::collections::BTreeMap;

use serde::Deserialize;

/// By publiccode.yml 0.7: the keys that are mandatory, and those that we use. Another key is a slip.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PublicCode {
    publiccode_yml_version: String,
    name: String,
    #[serde(rename = "applicationSuite")]
    _application_suite: String,
    url: String,
    software_version: String,
    organisation: Organisation,
    platforms: Vec<String>,
    categories: Vec<String>,
    development_status: String,
    software_type: String,
    intended_audience: Audience,
    description: BTreeMap<String, Description>,
    legal: Legal,
    maintenance: Maintenance,
    localisation: Localisation,
    depends_on: DependsOn,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Organisation {
    uri: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Audience {
    countries: Vec<String>,
    scope: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Description {
    localised_name: String,
    short_description: String,
    long_description: String,
    features: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Legal {
    license: String,
    main_copyright_owner: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Maintenance {
    r#type: String,
    contacts: Vec<Contact>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contact {
    name: String,
    affiliation: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Localisation {
    #[serde(rename = "localisationReady")]
    _ready: bool,
    available_languages: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DependsOn {
    open: Vec<Dependency>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Dependency {
    name: String,
    version_min: String,
}

/// Those of the standard's lists that we may use: who wants another adds it from there.
const CATEGORIES: [&str; 4] = [
    "business-intelligence",
    "data-analytics",
    "financial-reporting",
    "regulations-and-directives",
];
const SCOPES: [&str; 4] = [
    "employment",
    "finance-and-economic-development",
    "government",
    "welfare",
];

#[test]
fn publiccode_yml_is_by_the_standard() {
    let read: PublicCode = serde_saphyr::from_str(include_str!("../../publiccode.yml")).unwrap();
    assert_eq!(read.publiccode_yml_version, "0.7");
    assert_eq!(read.name, "OMNIA IS Monitoraggio");
    assert!(read.url.starts_with("https://"), "{}", read.url);
    assert_eq!(read.organisation.uri, "urn:x-italian-pa:inps");
    assert!(!read.organisation.name.is_empty());
    assert_eq!(read.platforms, ["linux"]);
    assert!(read.categories.iter().all(|c| CATEGORIES.contains(&&**c)));
    let status = ["concept", "development", "beta", "stable", "obsolete"];
    assert!(status.contains(&&*read.development_status));
    assert_eq!(read.software_type, "standalone/backend");
    assert_eq!(read.intended_audience.countries, ["IT"]);
    let scope = &read.intended_audience.scope;
    assert!(scope.iter().all(|s| SCOPES.contains(&&**s)));
    assert_eq!(read.maintenance.r#type, "internal");
    let contacts = &read.maintenance.contacts;
    assert!(!contacts.is_empty());
    assert!(contacts.iter().all(|c| !c.name.is_empty()));
    assert!(contacts.iter().all(|c| !c.affiliation.is_empty()));
    assert_eq!(read.localisation.available_languages, ["it", "en"]);
}

#[test]
fn its_descriptions_have_the_length_that_catalogues_show() {
    let read: PublicCode = serde_saphyr::from_str(include_str!("../../publiccode.yml")).unwrap();
    assert!(read.description.keys().eq(["en", "it"]));
    for (language, told) in read.description {
        assert_eq!(told.localised_name, read.name, "{language}");
        let short = told.short_description.chars().count();
        assert!((1..=150).contains(&short), "{language}: {short}");
        assert!(!told.short_description.contains('\n'), "{language}");
        let long = told.long_description.chars().count();
        assert!((150..=10_000).contains(&long), "{language}: {long}");
        assert!((5..=20).contains(&told.features.len()), "{language}");
    }
}

#[test]
fn it_says_of_the_program_what_cargo_says() {
    let read: PublicCode = serde_saphyr::from_str(include_str!("../../publiccode.yml")).unwrap();
    assert_eq!(read.software_version, env!("CARGO_PKG_VERSION"));
    assert_eq!(read.legal.license, env!("CARGO_PKG_LICENSE"));
    assert_eq!(read.legal.main_copyright_owner, read.organisation.name);
    let licence = include_str!("../../LICENSE");
    assert!(licence.starts_with("EUROPEAN UNION PUBLIC LICENCE v. 1.2\n"));
    let [postgres] = &*read.depends_on.open else {
        panic!("one thing is needed besides")
    };
    assert_eq!(postgres.name, "PostgreSQL");
    assert!(!postgres.version_min.is_empty());
}
