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
mod abilitazione_porta;
mod accesso;
mod ambito;
mod audit;
mod banco;
mod blocchi;
mod chiamate;
mod cluster;
mod compressione;
mod contratto;
mod cumuli;
mod errore;
mod failures;
mod flusso;
mod forged;
mod frozen;
mod gestione;
mod gestione_elenchi;
mod get;
mod indirizzo;
mod ingresso;
mod mascheramento;
mod messaggi;
mod migrate;
mod modello;
mod mondi;
mod output;
mod piani;
mod politica;
mod port;
mod postgres;
mod privilegi;
mod program;
mod protocol;
mod quote;
mod richieste;
mod riconciliazione;
mod rilevazione;
mod salute;
mod scarico;
mod scenari;
mod segnaposti;
mod servizio;
mod stop;
mod supervised;
mod telemetry;
mod throw_away;
mod tls;
mod vigenza;
mod volo;
mod voucher;
mod watched_files;
mod whom;
mod withdrawn;
