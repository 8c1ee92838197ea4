//! The decision on a call: token, grant, profile, in this order.

use std::sync::Arc;

use http::HeaderMap;
use sqlx::PgPool;

use super::{Abilitazione, Politica, TokenVerifier, Vocabulary, aa07};
use crate::{
    clock::Clock,
    error::{Error, Reason, Result},
    proto::PACKAGE,
    traccia::Traccia,
};

/// The services that anybody may ask: whether the server is alive, and what its contract is. They hold no data.
const LIBERI: [&str; 3] = [
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Porta<'a> {
    /// To a service that anybody may ask.
    Libera,
    /// To a service of the contract: `"DecreeService/ListDecrees"`, whether or not there is such a call.
    Contratto(&'a str),
    /// Nowhere.
    Ignota,
}

/// Whether a path leads to a service that anybody may ask, which holds no data.
#[must_use]
pub fn is_libera(path: &str) -> bool {
    LIBERI.iter().any(|prefix| path.starts_with(prefix))
}

pub(super) fn porta(path: &str) -> Porta<'_> {
    if is_libera(path) {
        return Porta::Libera;
    }
    path.strip_prefix('/')
        .and_then(|path| path.strip_prefix(PACKAGE))
        .and_then(|path| path.strip_prefix('.'))
        .map_or(Porta::Ignota, Porta::Contratto)
}

/// There is no such call.
pub(super) fn call_unknown() -> Error {
    Error::new(Reason::CallUnknown, "there is no such call")
}

/// Decides who may call what. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Guardia(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    token: TokenVerifier,
    pool: PgPool,
    politica: Politica,
    vocabulary: Vocabulary,
    clock: Clock,
}

/// What is known of the caller, as far as the decision came: for the log.
#[derive(Default)]
struct Chi {
    soggetto: String,
    ente: String,
    profilo: String,
}

impl Guardia {
    /// A guard that verifies tokens with `token`, reads grants through `pool` (the serving role is enough) and
    /// decides by `politica`. `clock` says which day it is.
    #[must_use]
    pub fn new(
        token: TokenVerifier,
        pool: PgPool,
        politica: Politica,
        vocabulary: Vocabulary,
        clock: Clock,
    ) -> Self {
        Self(Arc::new(Inner {
            token,
            pool,
            politica,
            vocabulary,
            clock,
        }))
    }

    /// The policy by which it decides.
    #[must_use]
    pub fn politica(&self) -> &Politica {
        &self.0.politica
    }

    /// The clock by which it decides.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Decides on a call of the contract (`"DecreeService/ListDecrees"`) with these headers.
    ///
    /// # Errors
    /// A `TOKEN_…` or `GRANT_…` reason, [`Reason::CallUnknown`], [`Reason::CallDenied`], or the database's.
    pub async fn decidi(
        &self,
        rpc: &str,
        headers: &HeaderMap,
        traccia: &Traccia,
    ) -> Result<Abilitazione> {
        let mut chi = Chi::default();
        let decided = self.decide(rpc, headers, &mut chi).await;
        traccia.nota(|f| {
            let known = |text: &String| (!text.is_empty()).then(|| text.clone());
            f.soggetto = known(&chi.soggetto);
            f.ente = known(&chi.ente);
            f.profilo = known(&chi.profilo);
            f.politica = Some(self.0.politica.tabella().versione().to_owned());
            f.abilitazione = decided.as_ref().ok().map(|a| a.aa07().id);
        });
        let decided = decided.map(|abilitazione| abilitazione.con_traccia(traccia.clone()));
        // The path is the caller's text until the vocabulary knows it.
        let rpc = self.0.vocabulary.rpc(rpc).map_or("unknown", |_| rpc);
        match &decided {
            Ok(_) => tracing::info!(
                soggetto = chi.soggetto,
                ente = chi.ente,
                profilo = chi.profilo,
                rpc,
                "access allowed"
            ),
            Err(error) => tracing::info!(
                soggetto = chi.soggetto,
                ente = chi.ente,
                profilo = chi.profilo,
                rpc,
                reason = error.reason.as_str_name(),
                detail = %error.message,
                "access denied"
            ),
        }
        decided
    }

    async fn decide(&self, rpc: &str, headers: &HeaderMap, chi: &mut Chi) -> Result<Abilitazione> {
        chi.soggetto = self.0.token.soggetto(headers)?;
        let aa07 = aa07::valid_for(&self.0.pool, &chi.soggetto, self.0.clock.today()).await?;
        chi.ente.clone_from(&aa07.ente);
        chi.profilo.clone_from(&aa07.profilo);
        if self.0.vocabulary.rpc(rpc).is_none() {
            return Err(call_unknown());
        }
        let denied = || {
            Error::new(
                Reason::CallDenied,
                "the profile of the grant may not make this call",
            )
            .with("rpc", rpc)
            .with("profilo", &chi.profilo)
        };
        let tabella = self.0.politica.tabella();
        let Some(profilo) = tabella.profilo(&aa07.profilo) else {
            tracing::warn!(
                abilitazione = aa07.id,
                profilo = aa07.profilo,
                politica = tabella.versione(),
                "a grant names a profile that the policy does not have: it gives nothing"
            );
            return Err(denied());
        };
        Abilitazione::new(aa07, profilo, rpc).ok_or_else(denied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_prefixes_open() {
        for free in [
            "/grpc.health.v1.Health/Check",
            "/grpc.health.v1.Health/Watch",
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        ] {
            assert_eq!(porta(free), Porta::Libera, "{free}");
        }
        for (path, rpc) in [
            ("DecreeService/ListDecrees", "DecreeService/ListDecrees"),
            ("DecreeService/listdecrees", "DecreeService/listdecrees"),
            ("DecreeService/ListDecrees/", "DecreeService/ListDecrees/"),
            ("", ""),
        ] {
            let path = format!("/inps.omnia.monitoraggio.v1.{path}");
            assert_eq!(porta(&path), Porta::Contratto(rpc), "{path}");
        }
        for nowhere in [
            "",
            "/",
            "*",
            "/grpc.health.v1.Healthy/Check",
            "/grpc.health.v1.Health",
            "//grpc.health.v1.Health/Check",
            "/GRPC.health.v1.Health/Check",
            "/inps.omnia.monitoraggio.v1",
            "/inps.omnia.monitoraggio.v2.DecreeService/ListDecrees",
            "/inps.omnia.monitoraggio.v10.DecreeService/ListDecrees",
            "//inps.omnia.monitoraggio.v1.DecreeService/ListDecrees",
            "/%69nps.omnia.monitoraggio.v1.DecreeService/ListDecrees",
        ] {
            assert_eq!(porta(nowhere), Porta::Ignota, "{nowhere}");
        }
    }
}
