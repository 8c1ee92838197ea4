//! `GrantService`: the life cycle of AA07 grants for INPS staff, over the register ([`crate::abilitazione::grants`]).
//!
//! ```text
//! request ── request, list_pages: fields ─► values ── permit ─► who ── grants: the step ── response: values ─► answer
//! ```
//!
//! Who takes a step is the subject of the call's grant and the person that the tracking evidence named. A request that says
//! so itself would be no four eyes.

mod list_pages;
mod request;
mod response;

use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{ActivePolicy, CallSelection, Permesso, abilitazione};
use crate::{
    abilitazione::{
        grants,
        grants::{Azione, GrantRecord, MotivoAa07, Operatore},
    },
    call_record::SelectedValue,
    clock::Clock,
    contract::proto::{self, grant_service_server::GrantService},
    error::{Error, Reason, Result, Violations},
    grpc::pages::Signer,
};
use request::IDEMPOTENCY_KEY;

/// GrantService over one database.
#[derive(Debug, Clone)]
pub struct Grants {
    pool: PgPool,
    politica: ActivePolicy,
    clock: Clock,
    signer: Signer,
}

/// What a call of this service names, for the audit log. It reads no data of the reports, so no scope applies.
struct NamedInCall(Vec<(&'static str, SelectedValue)>);

impl CallSelection for NamedInCall {
    fn filtri(&self) -> Vec<&str> {
        Vec::new()
    }

    fn describe(&self) -> Vec<(&'static str, SelectedValue)> {
        self.0.clone()
    }
}

impl NamedInCall {
    fn abilitazione(id: i64) -> Self {
        Self(vec![("abilitazione", SelectedValue::Text(id.to_string()))])
    }
}

/// Who calls: the subject of the grant, and the person behind it if the evidence said so.
fn operatore<F>(soggetto: &str, permesso: &Permesso<F>) -> Result<Operatore> {
    let utente = permesso.call_record().facts().utente;
    Operatore::parse(soggetto, utente.as_deref()).map_err(|_| {
        Error::new(
            Reason::EvidenceInvalid,
            "the user of the tracking evidence is not a name",
        )
    })
}

impl Grants {
    /// Serves from the database behind `pool`; `politica` has the profiles that a request may name, `signer` writes the tokens of
    /// lists.
    #[must_use]
    pub fn new(pool: PgPool, politica: ActivePolicy, clock: Clock, signer: Signer) -> Self {
        Self {
            pool,
            politica,
            clock,
            signer,
        }
    }

    async fn record(
        &self,
        request: Request<proto::RecordRequestRequest>,
    ) -> Result<proto::AbilitazioneAa07> {
        let chi = abilitazione(&request)?.clone();
        let table = self.politica.table();
        let oggi = self.clock.today();
        let key = request::idempotency_key(&request, Azione::Richiesta);
        let (richiesta, motivo, key) = request::parse(request.into_inner(), key, &table, oggi)?;
        let permesso = chi.permit(NamedInCall(vec![
            (
                "protocollo_pec",
                SelectedValue::Text(richiesta.protocollo_pec.as_str().to_owned()),
            ),
            ("soggetto", SelectedValue::Text(richiesta.soggetto.clone())),
            ("profilo", SelectedValue::Text(richiesta.profilo.clone())),
        ]))?;
        let operatore = operatore(&chi.aa07().soggetto, &permesso)?;
        let step = grants::record_request_once(
            &self.pool,
            &self.clock,
            &table,
            &richiesta,
            &operatore,
            &motivo,
            key.as_ref(),
        )
        .await?;
        let grant_record = grants::record_as_of(&self.pool, step).await?;
        Ok(self.respond(&grant_record, &permesso))
    }

    async fn take_step<T: prost::Message>(
        &self,
        request: Request<T>,
        azione: Azione,
        fields: fn(T) -> (i64, String),
    ) -> Result<proto::AbilitazioneAa07> {
        let chi = abilitazione(&request)?.clone();
        let key = request::idempotency_key(&request, azione);
        let (id, motivo) = fields(request.into_inner());
        let mut violations = Violations::default();
        let key = key.and_then(|key| violations.check(IDEMPOTENCY_KEY, key));
        let id = request::check_number(&mut violations, "id", id);
        let motivo = violations.check("motivo", MotivoAa07::parse(&motivo));
        violations.finish()?;
        let Some(motivo) = motivo else {
            return Err(Error::internal("a defect was not noted"));
        };
        let permesso = chi.permit(NamedInCall::abilitazione(id))?;
        let operatore = operatore(&chi.aa07().soggetto, &permesso)?;
        let key = key.as_ref();
        let step = grants::advance_once(
            &self.pool,
            &self.clock,
            id,
            azione,
            &operatore,
            &motivo,
            key,
        )
        .await?;
        let grant_record = grants::record_as_of(&self.pool, step).await?;
        Ok(self.respond(&grant_record, &permesso))
    }

    fn respond<F>(
        &self,
        grant_record: &GrantRecord,
        permesso: &Permesso<F>,
    ) -> proto::AbilitazioneAa07 {
        permesso.call_record().add_rows(1);
        response::abilitazione(grant_record, self.clock.today())
    }

    async fn get(
        &self,
        request: Request<proto::GetGrantRequest>,
    ) -> Result<proto::GetGrantResponse> {
        let chi = abilitazione(&request)?.clone();
        let mut violations = Violations::default();
        let id = request::check_number(&mut violations, "id", request.into_inner().id);
        violations.finish()?;
        let permesso = chi.permit(NamedInCall::abilitazione(id))?;
        let grant_record = grants::record_by_id(&self.pool, id).await?;
        let abilitazione = self.respond(&grant_record, &permesso);
        let passi = grants::eventi(&self.pool, id).await?;
        Ok(proto::GetGrantResponse {
            abilitazione: Some(abilitazione),
            passi: passi.iter().map(response::passo).collect(),
        })
    }

    async fn list(
        &self,
        request: Request<proto::ListGrantsRequest>,
    ) -> Result<proto::ListGrantsResponse> {
        let chi = abilitazione(&request)?.clone();
        let page = list_pages::GrantPage::parse(request.into_inner(), &self.signer)?;
        let permesso = chi.permit(page.filtro)?;
        let (filtro, oggi) = (permesso.selection(), self.clock.today());
        let grant_records =
            grants::list_page(&self.pool, filtro, oggi, page.after, page.limit + 1).await?;
        let (grant_records, next_page_token) = list_pages::split_page(
            grant_records,
            page.limit,
            page.binding,
            &self.signer,
            list_pages::number_position,
        );
        permesso.call_record().add_rows(grant_records.len());
        Ok(proto::ListGrantsResponse {
            abilitazioni: self.to_proto(&grant_records),
            next_page_token,
        })
    }

    async fn list_expiring(
        &self,
        request: Request<proto::ListExpiringGrantsRequest>,
    ) -> Result<proto::ListExpiringGrantsResponse> {
        let chi = abilitazione(&request)?.clone();
        let page = list_pages::ExpiringGrantPage::parse(&request.into_inner(), &self.signer)?;
        let giorni = SelectedValue::Text(page.giorni.to_string());
        let permesso = chi.permit(NamedInCall(vec![("giorni", giorni)]))?;
        let oggi = self.clock.today();
        let limit = page.limit;
        let grant_records =
            grants::list_expiring(&self.pool, oggi, page.giorni, page.after, limit + 1).await?;
        let (grant_records, next_page_token) = list_pages::split_page(
            grant_records,
            limit,
            page.binding,
            &self.signer,
            list_pages::day_and_number_position,
        );
        permesso.call_record().add_rows(grant_records.len());
        Ok(proto::ListExpiringGrantsResponse {
            abilitazioni: self.to_proto(&grant_records),
            next_page_token,
        })
    }

    fn to_proto(&self, grant_records: &[GrantRecord]) -> Vec<proto::AbilitazioneAa07> {
        let oggi = self.clock.today();
        grant_records
            .iter()
            .map(|grant_record| response::abilitazione(grant_record, oggi))
            .collect()
    }
}

type Answer<T> = Result<Response<T>, Status>;

/// A step is a request of its own and an answer of its own, that differ in nothing but their names.
macro_rules! step {
    ($self:ident, $request:ident, $azione:ident, $answer:ident) => {{
        let abilitazione = $self
            .take_step($request, Azione::$azione, |r| (r.id, r.motivo))
            .await?;
        Ok(Response::new(proto::$answer {
            abilitazione: Some(abilitazione),
        }))
    }};
}

#[tonic::async_trait]
impl GrantService for Grants {
    async fn record_request(
        &self,
        request: Request<proto::RecordRequestRequest>,
    ) -> Answer<proto::RecordRequestResponse> {
        let abilitazione = self.record(request).await?;
        Ok(Response::new(proto::RecordRequestResponse {
            abilitazione: Some(abilitazione),
        }))
    }

    async fn verify_request(
        &self,
        request: Request<proto::VerifyRequestRequest>,
    ) -> Answer<proto::VerifyRequestResponse> {
        step!(self, request, Verifica, VerifyRequestResponse)
    }

    async fn approve_request(
        &self,
        request: Request<proto::ApproveRequestRequest>,
    ) -> Answer<proto::ApproveRequestResponse> {
        step!(self, request, Approvazione, ApproveRequestResponse)
    }

    async fn suspend_grant(
        &self,
        request: Request<proto::SuspendGrantRequest>,
    ) -> Answer<proto::SuspendGrantResponse> {
        step!(self, request, Sospensione, SuspendGrantResponse)
    }

    async fn resume_grant(
        &self,
        request: Request<proto::ResumeGrantRequest>,
    ) -> Answer<proto::ResumeGrantResponse> {
        step!(self, request, Riattivazione, ResumeGrantResponse)
    }

    async fn revoke_grant(
        &self,
        request: Request<proto::RevokeGrantRequest>,
    ) -> Answer<proto::RevokeGrantResponse> {
        step!(self, request, Revoca, RevokeGrantResponse)
    }

    async fn get_grant(
        &self,
        request: Request<proto::GetGrantRequest>,
    ) -> Answer<proto::GetGrantResponse> {
        Ok(Response::new(self.get(request).await?))
    }

    async fn list_grants(
        &self,
        request: Request<proto::ListGrantsRequest>,
    ) -> Answer<proto::ListGrantsResponse> {
        Ok(Response::new(self.list(request).await?))
    }

    async fn list_expiring_grants(
        &self,
        request: Request<proto::ListExpiringGrantsRequest>,
    ) -> Answer<proto::ListExpiringGrantsResponse> {
        Ok(Response::new(self.list_expiring(request).await?))
    }
}
