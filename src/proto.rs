//! The generated contract. The comments are those of the files in `proto/`.

#![allow(missing_docs, clippy::all, clippy::pedantic)]

tonic::include_proto!("inps.omnia.monitoraggio.v1");

/// Every proto of the contract and what it imports, encoded, options included.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

/// The package of the contract, as it stands in a gRPC path.
pub const PACKAGE: &str = "inps.omnia.monitoraggio.v1";
