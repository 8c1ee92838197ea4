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
//! 2. A caller sees only what its grant gives: no query runs without a [`Permesso`], and only a decision makes one.
//! 3. Nothing is silently cut: a stream ends with its control totals or with an error ([`decreto::export`]).
//! 4. A figure once given can be given again: rows carry the range of rilevazioni in which they hold, and are never
//!    overwritten ([`rilevazione`]).
//!
//! # The life of a request
//!
//! ```text
//!              ┌ rest        a resource becomes the call that it stands for                rest
//!              ├ observe     span, metric, log line at the end of the call                    grpc::observe
//!              ├ connection  the client's address and certificate                            transport::connection
//!              ├ audit       the record, before the first byte of the answer                 audit::layer
//!              ├ protocol    POST, content type, encoding: is it a gRPC call at all?          grpc::protocol
//!              ├ deadline    the caller's own; streams whose clients do not read             grpc::deadline
//!              ├ access      token ─► who;  AA07 grant ─► what INPS gave them;                abilitazione::gate
//!              │             decision table ─► may this profile make this call?  quota ─► is there some left?
//!              │             puts an Abilitazione into the request, or refuses; a stream is decided again while it runs
//!              ├ compression answers are compressed as the request was                       grpc::compression
//! bytes ─► tonic router ─► service     decode, decide, query, encode                         report, decreto, flight
//!                            │ filtro      fields ─► values, every violation at once
//!                            │ permit      filters and scope ─► Permesso<Filtro>
//!                            │ query       SQL with the scope and the visible columns in it
//!                            │ sintesi     of the report: sums in memory, cut by the same proof
//!                            └ stream      blocks or pages ─► row batches ─► an export, a file, record batches ─► chiusura
//! ```
//!
//! Every error on the way is an [`error::Error`] with a documented reason, and becomes a gRPC status in one
//! place ([`grpc::status`]).
//!
//! # The rooms
//!
//! Bottom up: a room uses only the rooms above it in this table. `tests/it/architecture/` holds every edge.
//!
//! | room | concern |
//! | --- | --- |
//! | [`contract`] | the generated code, the descriptor set, the words of the policy, the paths of calls |
//! | [`valori`] | amounts, hours, days, codes: parsed once, then right by construction |
//! | [`error`] | what can go wrong, as the contract names it |
//! | `setting` | what the settings of all rooms share: ranges, lists |
//! | [`output`] | what leaves the program for people: text from outside is made harmless there |
//! | [`clock`] | injected time |
//! | [`crypto`] | digests, and the key that hides codici fiscali in the log |
//! | [`call_record`] | what becomes known of a call while it passes |
//! | [`telemetry`] | traces, metrics, logs, the health of each part |
//! | [`transport`] | the port: connections, TLS, addresses, files that are watched |
//! | [`grpc`] | what every call shares: status, pages, deadlines, stream tasks, observation |
//! | [`postgres`] | pools, schema, predicates; the private cluster |
//! | [`abilitazione`] | §3: token, AA07 grant, policy, quotas, decision, proof; explanations |
//! | [`audit`] | the log of all calls, chained and anchored |
//! | [`rilevazione`] | data in: CSV ─► checked rows ─► one rilevazione; the register of rilevazioni; what a load derives |
//! | [`blocks`] | rows of the detail as the bytes that travel, their Arrow form, and what is stored of them |
//! | [`files`] | tables as files: CSV, XLSX, Parquet |
//! | [`report`] | §2.1: filter, sums by day, memory, service |
//! | [`decreto`] | §2.2: filter, query, the reader of rows, service, exports and downloads |
//! | [`monitoraggio`] | the caps over time: filters, sums by month, the course, the history, service |
//! | [`flight`] | the detail over Arrow Flight: flights, tickets, streams of record batches |
//! | [`rest`] | the calls in HTTP and JSON: resources, parameters, problems, lines; OpenAPI, and what is public |
//! | [`cruscotto`] | the pages for people: the way in, the pages, what they are made of |
//! | [`demo`] | the key that signs the demo's tokens, and invented extracts |
//! | [`config`] | the settings of all rooms, read and checked |
//! | [`app`] | the composition root |
//! | [`cli`] | subcommands |
//!
//! # Words
//!
//! Domain nouns are the Messaggio's Italian, spelt alike in proto, SQL and Rust. Everything else is English.
//! `docs/glossary.md` has every Italian word that stands in a name.
//!
//! [`Permesso`]: abilitazione::Permesso

pub mod abilitazione;
pub mod app;
pub mod audit;
pub mod blocks;
pub mod call_record;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contract;
#[cfg(feature = "cruscotto")]
pub mod cruscotto;
pub mod crypto;
pub mod decreto;
#[cfg(feature = "demo")]
pub mod demo;
pub mod error;
pub mod files;
pub mod flight;
pub mod grpc;
pub mod monitoraggio;
pub mod output;
pub mod postgres;
pub mod report;
pub mod rest;
pub mod rilevazione;
pub(crate) mod setting;
pub mod telemetry;
pub mod transport;
pub mod valori;
