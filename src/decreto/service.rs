//! `DecreeService`: decode, decide, query, encode.

use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{
    export::Esportazione, filtro::FiltroDecreti, messaggio::Messaggio, query::Lettura,
    scarico::Scarico,
};
use crate::{
    abilitazione::{Abilitazione, abilitazione},
    audit::Chiave,
    error::{Error, Result, Violations},
    formato::richiesta::Richiesta,
    lotto::posizione::Posizione,
    proto::{self, encoded::decree_service_server::DecreeService},
    rilevazione::{Rilevazioni, elenco::Rilevazione},
    rpc::{
        pages::{Binding, Token},
        produttore::{Flusso, Limiti},
        request as read,
        status::into_status,
    },
    valori::NumeroRilevazione,
};

/// The detail of the decrees over one database.
#[derive(Debug, Clone)]
pub struct Decrees {
    pool: PgPool,
    rilevazioni: Rilevazioni,
    chiave: Chiave,
    limiti: Limiti,
    righe_per_lotto: u32,
}

/// A selection that was parsed and allowed, on a rilevazione that exists.
struct Selezionato {
    lettura: Lettura,
    binding: Binding,
    rilevazione: Rilevazione,
    dopo: Option<Posizione>,
}

impl Decrees {
    /// Serves from the database behind `pool`. `chiave` hides natural persons in tokens: all instances have the same.
    #[must_use]
    pub fn new(
        pool: PgPool,
        rilevazioni: Rilevazioni,
        chiave: Chiave,
        limiti: Limiti,
        righe_per_lotto: u32,
    ) -> Self {
        Self {
            pool,
            rilevazioni,
            chiave,
            limiti,
            righe_per_lotto,
        }
    }

    /// What the four calls have in common once the fields are parsed. The token, if any, settles the rilevazione.
    async fn seleziona(
        &self,
        chi: &Abilitazione,
        filtro: FiltroDecreti,
        numero: Option<NumeroRilevazione>,
        token: &str,
    ) -> Result<Selezionato> {
        let binding = filtro.binding(&self.chiave);
        let permesso = chi.permetti(filtro)?;
        let token = Token::decode(token, binding, numero.map(NumeroRilevazione::get))?;
        let (numero, dopo) = match token {
            None => (numero, None),
            Some(token) => (
                NumeroRilevazione::parse(token.rilevazione).map_err(Error::internal)?,
                Some(Posizione::from_bytes(&token.position)?),
            ),
        };
        let rilevazione = self.rilevazioni.risolvi(&permesso, numero).await?;
        // The norm of a token was looked up when the first page was asked for.
        if dopo.is_none() {
            self.rilevazioni
                .noti(&permesso, "normativa", "prestazione")
                .await?;
        }
        Ok(Selezionato {
            lettura: Lettura::new(self.pool.clone(), permesso, rilevazione.numero),
            binding,
            rilevazione,
            dopo,
        })
    }

    async fn list(
        &self,
        request: Request<proto::ListDecreesRequest>,
    ) -> Result<proto::ListDecreesResponse> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filtro = FiltroDecreti::parse(&mut violations, &request.normativa, request.filtro);
        let numero = read::rilevazione(&mut violations, request.rilevazione);
        let size = read::page_size(&mut violations, request.page_size);
        let filtro = parsed(violations, filtro)?;
        let s = self
            .seleziona(&chi, filtro, numero, &request.page_token)
            .await?;

        let pagina = s.lettura.pagina(s.dopo.as_ref(), i64::from(size)).await?;
        s.lettura.traccia().righe(pagina.decreti.len());
        let next_page_token = match pagina.fine {
            Some(fine) if pagina.altre => Token {
                binding: s.binding,
                rilevazione: s.rilevazione.numero,
                position: fine.to_bytes(),
            }
            .encode(),
            _ => String::new(),
        };
        Ok(proto::ListDecreesResponse {
            decreti: pagina.decreti,
            next_page_token,
            rilevazione: Some(s.rilevazione.into()),
        })
    }

    async fn count(
        &self,
        request: Request<proto::CountDecreesRequest>,
    ) -> Result<proto::CountDecreesResponse> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filtro = FiltroDecreti::parse(&mut violations, &request.normativa, request.filtro);
        let numero = read::rilevazione(&mut violations, request.rilevazione);
        let filtro = parsed(violations, filtro)?;
        let s = self.seleziona(&chi, filtro, numero, "").await?;

        let totali = s.lettura.totali().await?;
        s.lettura.traccia().righe(1);
        Ok(proto::CountDecreesResponse {
            totali: Some(totali.into()),
            rilevazione: Some(s.rilevazione.into()),
        })
    }

    async fn export(
        &self,
        request: Request<proto::ExportDecreesRequest>,
    ) -> Result<Flusso<Messaggio>> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filtro = FiltroDecreti::parse(&mut violations, &request.normativa, request.filtro);
        let numero = read::rilevazione(&mut violations, request.rilevazione);
        let filtro = parsed(violations, filtro)?;
        let s = self
            .seleziona(&chi, filtro, numero, &request.resume_token)
            .await?;

        let posto = self.limiti.posto()?;
        let esportazione = Esportazione {
            lettura: s.lettura,
            binding: s.binding,
            rilevazione: s.rilevazione,
            dopo: s.dopo,
            righe_per_lotto: self.righe_per_lotto,
        };
        Ok(esportazione.avvia(&self.limiti, posto))
    }

    async fn download(
        &self,
        request: Request<proto::DownloadDecreesRequest>,
    ) -> Result<Flusso<proto::DownloadDecreesResponse>> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filtro = FiltroDecreti::parse(&mut violations, &request.normativa, request.filtro);
        let numero = read::rilevazione(&mut violations, request.rilevazione);
        let richiesta = Richiesta::parse(&mut violations, request.formato, request.offset, numero);
        let (filtro, richiesta) = parsed(violations, filtro.zip(richiesta))?;
        let s = self.seleziona(&chi, filtro, numero, "").await?;

        let posto = self.limiti.posto()?;
        let scarico = Scarico {
            lettura: s.lettura,
            rilevazione: s.rilevazione,
            richiesta,
            righe_per_lotto: self.righe_per_lotto,
        };
        Ok(scarico.avvia(&self.limiti, posto))
    }
}

/// What was read, once nothing was noted: it is missing only where something was.
fn parsed<T>(violations: Violations, read: Option<T>) -> Result<T> {
    violations.finish()?;
    read.ok_or_else(|| Error::internal("a field is missing without a violation"))
}

#[tonic::async_trait]
impl DecreeService for Decrees {
    async fn list_decrees(
        &self,
        request: Request<proto::ListDecreesRequest>,
    ) -> Result<Response<proto::ListDecreesResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn count_decrees(
        &self,
        request: Request<proto::CountDecreesRequest>,
    ) -> Result<Response<proto::CountDecreesResponse>, Status> {
        let answer = self.count(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    type ExportDecreesStream = Flusso<Messaggio>;

    async fn export_decrees(
        &self,
        request: Request<proto::ExportDecreesRequest>,
    ) -> Result<Response<Flusso<Messaggio>>, Status> {
        let answer = self.export(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    type DownloadDecreesStream = Flusso<proto::DownloadDecreesResponse>;

    async fn download_decrees(
        &self,
        request: Request<proto::DownloadDecreesRequest>,
    ) -> Result<Response<Self::DownloadDecreesStream>, Status> {
        let answer = self.download(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}
