//! OMNIA IS Monitoraggio: the two reports of INPS Messaggio 4648/2023 over gRPC.
//!
//! INPS pays wage-integration benefits out of appropriations that the law caps. Two ministries see here, to the cent, how
//! much of each cap is authorised and how much is paid (report sintetico, §2.1), and the decrees behind each
//! figure (dettaglio del decreto, §2.2). An AA07 grant says who may see what (§3).
//!
//! # Four things that are always true
//!
//! 1. The figures reconcile: a figure of the report equals, to the cent, the sum over the decrees for the same filter and
//!    the same rilevazione. Both apply the same two conditions, written once ([`postgres::predicates`]).
//! 2. Nobody sees what their grant does not give: no query runs without a [`Permesso`], and only a decision makes one.
//! 3. Nothing is silently cut: a stream ends with its control totals or with an error ([`decreto::export`]).
//! 4. A figure once given can be given again: rows carry the range of rilevazioni in which they hold, and are never
//!    overwritten ([`rilevazione`]).
//!
//! # The life of a request
//!
//! ```text
//!              ┌ observe    span, metric, log line at the end of the call          rpc::observe
//!              ├ canale     the client's address and certificate                  canale::layer
//!              ├ audit      the record, before the first byte of the answer        audit::layer
//!              ├ protocol   POST, content type, encoding: is it a gRPC call at all?    rpc::protocol
//!              ├ deadline   the caller's own; streams whose clients do not read  rpc::deadline
//!              ├ access     token ─► who;  AA07 grant ─► what INPS gave them, and what it demands;   abilitazione::layer
//!              │            decision table ─► may this profile make this call?  quota ─► is there some left?
//!              │            puts an Abilitazione into the request, or refuses; a stream is decided again while it runs
//!              ├ wish       answers are compressed as the request was              rpc::compressione
//! bytes ─► tonic router ─► service     decode, decide, query, encode                report, decreto, volo
//!                            │ filtro      fields ─► values, every violation at once
//!                            │ permetti    filters and scope ─► Permesso<Filtro>
//!                            │ query       SQL with the scope and the visible columns in it
//!                            │ sintesi     of the report: sums in memory, cut by the same proof
//!                            └ stream      blocks or pages ─► lotti ─► an export, a file, record batches ─► chiusura
//! ```
//!
//! Every error on the way is an [`error::Error`] with a documented reason, and becomes a gRPC status in one
//! place ([`rpc::status`]).
//!
//! # The map
//!
//! | module | concern |
//! | --- | --- |
//! | [`proto`] | the generated contract; the protos are its documentation |
//! | [`valori`] | amounts, hours, days, codes: parsed once, then right by construction |
//! | [`error`] | what can go wrong, as the contract names it; knows no tonic |
//! | [`abilitazione`] | §3: token, AA07 grant, policy, quotas, decision, proof, layer |
//! | [`report`] | §2.1: filter, cumulative sums, memory, service |
//! | [`decreto`] | §2.2: filter, query, lotti from blocks or from rows, service, export, download |
//! | [`lotto`] | rows of the detail as the bytes that travel; blocks of them, stored |
//! | [`volo`] | the detail over Arrow Flight: flights, tickets, streams of record batches |
//! | [`arrow`] | rows of the detail as Arrow record batches: made per call, or stored like the blocks |
//! | [`formato`] | a report as a file (CSV, XLSX, Parquet) |
//! | [`canale`] | what is known of a call's connection: the client's address, its certificate |
//! | [`tls`] | the port: plain text or TLS, client certificates, certificates replaced while it runs |
//! | [`transport`] | how many connections there may be, and how long they may say nothing |
//! | [`traccia`], [`audit`] | what becomes known of a call; the log of all calls, chained and anchored |
//! | [`rilevazione`] | data in: CSV ─► checked rows ─► COPY ─► one rilevazione, its sums by day and its blocks |
//! | [`postgres`] | the database: a server of yours, or a private cluster |
//! | [`rpc`] | what every call shares: status, request parts, pages, observation |
//! | [`salute`], [`sorveglianza`] | how the parts are; what changes on disk while the service runs |
//! | [`bounded_read`] | reading what is on disk: a file, of bounded length, in bounded time |
//! | [`app`] | the composition root |
//! | [`output`] | what leaves the program for people: text from outside is made harmless there |
//! | [`cli`], [`config`], [`telemetry`], [`clock`] | subcommands, settings, what is observed, injected time |
//!
//! # Words
//!
//! Domain nouns are the Messaggio's Italian, spelt alike in proto, SQL and Rust; mechanics are English. The README has
//! the glossary.
//!
//! [`Permesso`]: abilitazione::Permesso

pub mod abilitazione;
pub mod app;
pub mod audit;
pub mod blocks;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contract;
pub mod crypto;
pub mod decreto;
pub mod demo;
pub mod error;
pub mod files;
pub mod flight;
pub mod grpc;
pub mod output;
pub mod postgres;
pub mod report;
pub mod rilevazione;
pub mod telemetry;
pub mod traccia;
pub mod transport;
pub mod valori;
