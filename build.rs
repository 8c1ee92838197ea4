//! Compiles the protos with protox, so that no protoc is needed, and keeps the descriptor set: reflection serves it and
//! the access policy is checked against it.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

const ROOT: &str = "proto";
const FILES: [&str; 5] = [
    "inps/omnia/monitoraggio/v1/access_service.proto",
    "inps/omnia/monitoraggio/v1/decree_service.proto",
    "inps/omnia/monitoraggio/v1/error_reason.proto",
    "inps/omnia/monitoraggio/v1/grant_service.proto",
    "inps/omnia/monitoraggio/v1/report_service.proto",
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
    let set = prost_reflect::prost_types::FileDescriptorSet::decode(encoded.as_slice())?;
    tonic_prost_build::configure().compile_fds(set)?;
    // The migrations are embedded by a macro that cargo does not see through.
    println!("cargo:rerun-if-changed=migrations");
    Ok(())
}
