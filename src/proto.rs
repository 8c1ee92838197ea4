//! The generated contract. The comments are those of the files in `proto/`.

#![allow(missing_docs, clippy::all, clippy::pedantic)]

tonic::include_proto!("inps.omnia.monitoraggio.v1");

/// The server of DecreeService whose exports are encoded beforehand (build.rs). That of the same name in this module
/// encodes every message by itself, and nobody serves by it.
pub mod encoded {
    include!(concat!(
        env!("OUT_DIR"),
        "/decree_server/inps.omnia.monitoraggio.v1.rs"
    ));
}

/// Every proto of the contract and what it imports, encoded, options included.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

/// The package of the contract, as it stands in a gRPC path.
pub const PACKAGE: &str = "inps.omnia.monitoraggio.v1";
