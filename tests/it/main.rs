//! The tests that need a database or a server. One target, so that they share one throw-away cluster.

// Clippy knows tests by their attribute, and their helpers have none.
#![allow(
    // Tests connect as whoever they need to be.
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

mod aa07;
mod abilitazione;
mod abilitazione_cli;
mod abilitazione_door;
mod access;
mod admission;
mod ambito;
mod architecture;
mod audit;
mod blocks;
mod calls;
mod client_address;
mod cluster;
mod compression;
mod contract;
mod cruscotto;
mod demo;
mod derived;
mod docs;
mod download;
mod errors;
mod eventually;
mod export_stream;
mod failures;
mod flight;
mod forged;
mod frames;
mod frozen;
mod get;
mod glossary;
mod health;
mod in_force;
mod management;
mod management_lists;
mod masking;
mod migrate;
mod model;
mod model_messages;
mod monitoraggio;
mod output;
mod page_tokens;
mod policy;
mod port;
mod postgres;
mod prefix_sums;
mod privileges;
mod program;
mod protocol;
mod publiccode;
mod query_plans;
mod quotas;
mod reconciliation;
mod requests;
mod rest;
mod rilevazione;
mod scenarios;
mod server;
mod shipped_policy;
mod stop;
mod supervised;
mod telemetry;
mod test_bench;
mod throw_away;
mod tls;
mod voucher;
mod watched_files;
mod web;
mod whom;
mod withdrawn;
mod worlds;
