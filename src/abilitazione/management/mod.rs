//! `GrantService`: the life cycle of AA07 grants for INPS staff, over the register ([`crate::abilitazione::grants`]).
//!
//! ```text
//! request ── richiesta, elenco: fields ─► values ── permetti ─► who ── aa07: the step ── risposta: values ─► answer
//! ```
//!
//! Who takes a step is the subject of the call's grant and the person that the tracking evidence named. A request that says
//! so itself would be no four eyes.

mod elenco;
mod richiesta;
mod risposta;

use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{Permesso, Politica, Selezione, abilitazione};
use crate::{
    abilitazione::{
        grants,
        grants::{Azione, Motivo, Operatore, Scheda},
    },
    clock::Clock,
    contract::proto::{self, grant_service_server::GrantService},
    error::{Error, Reason, Result, Violations},
    grpc::{pages::Signer, status::into_status},
    traccia::Valore,
    valori::{CodiceNormativa, CodicePrestazione, Difetto},
};

/// GrantService over one database.
#[derive(Debug, Clone)]
pub struct Grants {
    pool: PgPool,
    politica: Politica,
    clock: Clock,
    signer: Signer,
}

/// What a call of this service names, for the audit log. It reads no data of the reports, so no scope applies.
struct Nomina(Vec<(&'static str, Valore)>);

impl Selezione for Nomina {
    fn filtri(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn normative(&self) -> &[CodiceNormativa] {
        &[]
    }

    fn prestazioni(&self) -> &[CodicePrestazione] {
        &[]
    }

    fn descrivi(&self) -> Vec<(&'static str, Valore)> {
        self.0.clone()
    }
}

impl Nomina {
    fn abilitazione(id: i64) -> Self {
        Self(vec![("abilitazione", Valore::Testo(id.to_string()))])
    }
}

/// Who calls: the subject of the grant, and the person behind it if the evidence said so.
fn operatore<F>(soggetto: &str, permesso: &Permesso<F>) -> Result<Operatore> {
    let utente = permesso.traccia().fatti().utente;
    Operatore::parse(soggetto, utente.as_deref()).map_err(|_| {
        Error::new(
            Reason::EvidenceInvalid,
            "the user of the tracking evidence is not a name",
        )
    })
}

fn numero(violations: &mut Violations, field: &str, id: i64) -> i64 {
    const POSITIVE: Difetto = Difetto::new(
        "must be the number of a grant",
        "deve essere il numero di un'abilitazione",
    );
    violations.check(field, (id > 0).then_some(()).ok_or(POSITIVE));
    id
}

impl Grants {
    /// Serves from the database behind `pool`; `politica` has the profiles that a request may name, `signer` writes the tokens of
    /// lists.
    #[must_use]
    pub fn new(pool: PgPool, politica: Politica, clock: Clock, signer: Signer) -> Self {
        Self {
            pool,
            politica,
            clock,
            signer,
        }
    }

    async fn registra(
        &self,
        request: Request<proto::RecordRequestRequest>,
    ) -> Result<proto::AbilitazioneAa07> {
        let chi = abilitazione(&request)?.clone();
        let tabella = self.politica.tabella();
        let oggi = self.clock.today();
        let (richiesta, motivo) = richiesta::parse(request.into_inner(), &tabella, oggi)?;
        let permesso = chi.permetti(Nomina(vec![
            (
                "protocollo_pec",
                Valore::Testo(richiesta.protocollo_pec.as_str().to_owned()),
            ),
            ("soggetto", Valore::Testo(richiesta.soggetto.clone())),
            ("profilo", Valore::Testo(richiesta.profilo.clone())),
        ]))?;
        let operatore = operatore(&chi.aa07().soggetto, &permesso)?;
        let id = grants::registra(
            &self.pool,
            &self.clock,
            &tabella,
            &richiesta,
            &operatore,
            &motivo,
        )
        .await?;
        self.risposta(id, &permesso).await
    }

    async fn passo<T>(
        &self,
        request: Request<T>,
        azione: Azione,
        fields: fn(T) -> (i64, String),
    ) -> Result<proto::AbilitazioneAa07> {
        let chi = abilitazione(&request)?.clone();
        let (id, motivo) = fields(request.into_inner());
        let mut violations = Violations::default();
        let id = numero(&mut violations, "id", id);
        let motivo = violations.check("motivo", Motivo::parse(&motivo));
        violations.finish()?;
        let Some(motivo) = motivo else {
            return Err(Error::internal("a defect was not noted"));
        };
        let permesso = chi.permetti(Nomina::abilitazione(id))?;
        let operatore = operatore(&chi.aa07().soggetto, &permesso)?;
        grants::avanza(&self.pool, &self.clock, id, azione, &operatore, &motivo).await?;
        self.risposta(id, &permesso).await
    }

    async fn risposta<F>(
        &self,
        id: i64,
        permesso: &Permesso<F>,
    ) -> Result<proto::AbilitazioneAa07> {
        let scheda = grants::scheda(&self.pool, id).await?;
        permesso.traccia().righe(1);
        Ok(risposta::abilitazione(&scheda, self.clock.today()))
    }

    async fn una(
        &self,
        request: Request<proto::GetGrantRequest>,
    ) -> Result<proto::GetGrantResponse> {
        let chi = abilitazione(&request)?.clone();
        let mut violations = Violations::default();
        let id = numero(&mut violations, "id", request.into_inner().id);
        violations.finish()?;
        let permesso = chi.permetti(Nomina::abilitazione(id))?;
        let abilitazione = self.risposta(id, &permesso).await?;
        let passi = grants::eventi(&self.pool, id).await?;
        Ok(proto::GetGrantResponse {
            abilitazione: Some(abilitazione),
            passi: passi.iter().map(risposta::passo).collect(),
        })
    }

    async fn elenco(
        &self,
        request: Request<proto::ListGrantsRequest>,
    ) -> Result<proto::ListGrantsResponse> {
        let chi = abilitazione(&request)?.clone();
        let pagina = elenco::Pagina::parse(request.into_inner(), &self.signer)?;
        let permesso = chi.permetti(pagina.filtro)?;
        let (filtro, oggi) = (permesso.selezione(), self.clock.today());
        let schede =
            grants::elenca(&self.pool, filtro, oggi, pagina.dopo, pagina.limite + 1).await?;
        let (schede, next_page_token) = elenco::taglia(
            schede,
            pagina.limite,
            pagina.binding,
            &self.signer,
            elenco::numero,
        );
        permesso.traccia().righe(schede.len());
        Ok(proto::ListGrantsResponse {
            abilitazioni: self.tutte(&schede),
            next_page_token,
        })
    }

    async fn scadenze(
        &self,
        request: Request<proto::ListExpiringGrantsRequest>,
    ) -> Result<proto::ListExpiringGrantsResponse> {
        let chi = abilitazione(&request)?.clone();
        let pagina = elenco::PaginaScadenze::parse(&request.into_inner(), &self.signer)?;
        let giorni = Valore::Testo(pagina.giorni.to_string());
        let permesso = chi.permetti(Nomina(vec![("giorni", giorni)]))?;
        let oggi = self.clock.today();
        let limite = pagina.limite;
        let schede =
            grants::in_scadenza(&self.pool, oggi, pagina.giorni, pagina.dopo, limite + 1).await?;
        let (schede, next_page_token) = elenco::taglia(
            schede,
            limite,
            pagina.binding,
            &self.signer,
            elenco::giorno_e_numero,
        );
        permesso.traccia().righe(schede.len());
        Ok(proto::ListExpiringGrantsResponse {
            abilitazioni: self.tutte(&schede),
            next_page_token,
        })
    }

    fn tutte(&self, schede: &[Scheda]) -> Vec<proto::AbilitazioneAa07> {
        let oggi = self.clock.today();
        schede
            .iter()
            .map(|scheda| risposta::abilitazione(scheda, oggi))
            .collect()
    }
}

type Answer<T> = Result<Response<T>, Status>;

/// A step is a request of its own and an answer of its own, that differ in nothing but their names.
macro_rules! passo {
    ($self:ident, $request:ident, $azione:ident, $answer:ident) => {
        $self
            .passo($request, Azione::$azione, |r| (r.id, r.motivo))
            .await
            .map(|abilitazione| {
                Response::new(proto::$answer {
                    abilitazione: Some(abilitazione),
                })
            })
            .map_err(into_status)
    };
}

#[tonic::async_trait]
impl GrantService for Grants {
    async fn record_request(
        &self,
        request: Request<proto::RecordRequestRequest>,
    ) -> Answer<proto::RecordRequestResponse> {
        let answer = self.registra(request).await;
        answer
            .map(|abilitazione| {
                Response::new(proto::RecordRequestResponse {
                    abilitazione: Some(abilitazione),
                })
            })
            .map_err(into_status)
    }

    async fn verify_request(
        &self,
        request: Request<proto::VerifyRequestRequest>,
    ) -> Answer<proto::VerifyRequestResponse> {
        passo!(self, request, Verifica, VerifyRequestResponse)
    }

    async fn approve_request(
        &self,
        request: Request<proto::ApproveRequestRequest>,
    ) -> Answer<proto::ApproveRequestResponse> {
        passo!(self, request, Approvazione, ApproveRequestResponse)
    }

    async fn suspend_grant(
        &self,
        request: Request<proto::SuspendGrantRequest>,
    ) -> Answer<proto::SuspendGrantResponse> {
        passo!(self, request, Sospensione, SuspendGrantResponse)
    }

    async fn resume_grant(
        &self,
        request: Request<proto::ResumeGrantRequest>,
    ) -> Answer<proto::ResumeGrantResponse> {
        passo!(self, request, Riattivazione, ResumeGrantResponse)
    }

    async fn revoke_grant(
        &self,
        request: Request<proto::RevokeGrantRequest>,
    ) -> Answer<proto::RevokeGrantResponse> {
        passo!(self, request, Revoca, RevokeGrantResponse)
    }

    async fn get_grant(
        &self,
        request: Request<proto::GetGrantRequest>,
    ) -> Answer<proto::GetGrantResponse> {
        let answer = self.una(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_grants(
        &self,
        request: Request<proto::ListGrantsRequest>,
    ) -> Answer<proto::ListGrantsResponse> {
        let answer = self.elenco(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_expiring_grants(
        &self,
        request: Request<proto::ListExpiringGrantsRequest>,
    ) -> Answer<proto::ListExpiringGrantsResponse> {
        let answer = self.scadenze(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}
