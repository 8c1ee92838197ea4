//! Compiles the protos with protox, so that no protoc is needed, and keeps the descriptor set: reflection serves it and
//! the access policy is checked against it.

// What cargo reads.
#![allow(clippy::print_stdout)]

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hasher as _},
    path::{Path, PathBuf},
};

use prost::Message as _;
use prost_reflect::prost_types::FileDescriptorSet;

const ROOT: &str = "proto";
/// Apache Arrow's contract of Flight.
const FLIGHT: &str = "arrow/flight/protocol/flight.proto";
const FLIGHT_PACKAGE: &str = ".arrow.flight.protocol";
const PACKAGE: &str = ".inps.omnia.monitoraggio.v1";
const DECREE_SERVICE: &str = "inps/omnia/monitoraggio/v1/decree_service.proto";
/// Pieces of files are handed on, not copied.
const PEZZO: &str = ".inps.omnia.monitoraggio.v1.PezzoFile.contenuto";
const FILES: [&str; 7] = [
    "inps/omnia/monitoraggio/v1/access_service.proto",
    DECREE_SERVICE,
    "inps/omnia/monitoraggio/v1/error_reason.proto",
    "inps/omnia/monitoraggio/v1/grant_service.proto",
    "inps/omnia/monitoraggio/v1/http.proto",
    "inps/omnia/monitoraggio/v1/monitoraggio_service.proto",
    "inps/omnia/monitoraggio/v1/report_service.proto",
];

const ASSETS_DIR: &str = "src/cruscotto/assets";
const ASSETS: [(&str, &str); 7] = [
    ("cruscotto.css", "text/css; charset=utf-8"),
    ("cruscotto.js", "text/javascript; charset=utf-8"),
    ("favicon.svg", "image/svg+xml"),
    (
        "node_modules/bootstrap-italia/dist/css/bootstrap-italia.min.css",
        "text/css; charset=utf-8",
    ),
    (
        "node_modules/bootstrap-italia/dist/fonts/Titillium_Web/titillium-web-v10-latin-ext_latin-regular.woff2",
        "font/woff2",
    ),
    (
        "node_modules/bootstrap-italia/dist/fonts/Titillium_Web/titillium-web-v10-latin-ext_latin-600.woff2",
        "font/woff2",
    ),
    (
        "node_modules/bootstrap-italia/dist/fonts/Titillium_Web/titillium-web-v10-latin-ext_latin-700.woff2",
        "font/woff2",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let mut compiler = protox::Compiler::new([ROOT])?;
    compiler
        .include_imports(true)
        .include_source_info(true)
        .open_files(FILES)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // The encoded form keeps the options of vocabulary.proto; prost's own types would drop them.
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptor_set.bin"), &encoded)?;
    let set = FileDescriptorSet::decode(encoded.as_slice())?;
    tonic_prost_build::configure()
        .bytes(PEZZO)
        .compile_fds(set.clone())?;
    decree_server(set, out.join("decree_server"))?;
    flight(&out)?;
    migrations(&out)?;
    if env::var_os("CARGO_FEATURE_CRUSCOTTO").is_some() {
        assets(&out)?;
    }
    Ok(())
}

/// What the pages are made of besides their text: name, media type and bytes of each file, and one version of all that changes with any of
/// them. A file names another by its place beside it.
fn assets(out: &Path) -> Result<(), Box<dyn Error>> {
    let mut table = String::from("(&[\n");
    let mut hasher = DefaultHasher::new();
    for (file, media_type) in ASSETS {
        let path = Path::new(ASSETS_DIR).join(file);
        println!("cargo:rerun-if-changed={}", path.display());
        let mut bytes = fs::read(&path).map_err(|error| {
            format!(
                "{}: {error}. The pages take their look from npm: run `make assets`, or build without them (--no-default-features)",
                path.display()
            )
        })?;
        if file.ends_with(".min.css") {
            bytes = without_inline_fonts(&String::from_utf8(bytes)?).into_bytes();
        }
        hasher.write(&bytes);
        let path = out.join(path.file_name().unwrap_or_default());
        fs::write(&path, bytes)?;
        let name = path.file_name().unwrap_or_default();
        writeln!(
            table,
            "Asset {{ name: {name:?}, media_type: {media_type:?}, bytes: include_bytes!({path:?}) }},"
        )?;
    }
    writeln!(table, "], \"{:016x}\")", hasher.finish())?;
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

/// The table of the migrations: version, description and text of each file.
fn migrations(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=migrations");
    let mut table = String::from("&[\n");
    let files: Result<Vec<_>, _> = fs::read_dir("migrations")?
        .map(|file| file?.path().canonicalize())
        .collect();
    let mut files = files?;
    files.sort();
    for path in files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let (version, description) = name.split_once('_').ok_or("VERSION_DESCRIPTION.sql")?;
        let description = description.replace('_', " ");
        writeln!(
            table,
            "({version}, {description:?}, include_str!({path:?})),"
        )?;
    }
    fs::write(out.join("migrations.rs"), table + "]")?;
    Ok(())
}

/// FlightService: its server, its messages, and what reflection tells of it. Apart from our own contract, from which the
/// vocabulary of the policy is read.
fn flight(out: &Path) -> Result<(), Box<dyn Error>> {
    let mut compiler = protox::Compiler::new([ROOT])?;
    compiler
        .include_imports(true)
        .include_source_info(true)
        .open_file(FLIGHT)?;
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("flight_descriptor_set.bin"), encoded)?;
    // Batches are handed on, not copied.
    tonic_prost_build::configure()
        .build_client(false)
        .bytes(FLIGHT_PACKAGE)
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

/// A style sheet without the fonts that stand in it as data: the policy of the pages lets none be loaded, and none of their text needs one.
fn without_inline_fonts(css: &str) -> String {
    let mut rules = css.split("@font-face{");
    let mut text = rules.next().unwrap_or_default().to_owned();
    for rule in rules {
        match rule.split_once('}') {
            Some((font, rest)) if font.contains("url(data:") => text.push_str(rest),
            _ => text.extend(["@font-face{", rule]),
        }
    }
    text
}

/// The server of DecreeService once more, with the messages of an export as bytes: its lotti are encoded before they are
/// asked for (src/decreto/export_message.rs). All other messages are those of the first run.
fn decree_server(set: FileDescriptorSet, out: PathBuf) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(&out)?;
    let only = FileDescriptorSet {
        file: set
            .file
            .into_iter()
            .filter(|file| file.name() == DECREE_SERVICE)
            .collect(),
    };
    tonic_prost_build::configure()
        .build_client(false)
        .out_dir(out)
        .extern_path(PACKAGE, "crate::contract::proto")
        .extern_path(
            format!("{PACKAGE}.ExportDecreesResponse"),
            "crate::decreto::export_message::ExportMessage",
        )
        .compile_fds(only)?;
    Ok(())
}
