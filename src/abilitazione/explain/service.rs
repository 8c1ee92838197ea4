//! AccessService: what the caller's grant gives, and why calls are allowed or refused.

use tonic::{Request, Response, Status};

use crate::{
    abilitazione::{Abilitazione, AccessExplainer, Ambito, NoFilter, abilitazione},
    contract::proto::{
        self, ChiamataConsentita, ExplainAccessRequest, ExplainAccessResponse, GetMyAccessRequest,
        GetMyAccessResponse, access_service_server::AccessService,
    },
    error::Result,
};

/// AccessService behind the access layer.
#[derive(Debug, Clone)]
pub struct Access {
    explainer: AccessExplainer,
}

impl Access {
    /// AccessService that explains with `explainer`.
    #[must_use]
    pub fn new(explainer: AccessExplainer) -> Self {
        Self { explainer }
    }
}

#[tonic::async_trait]
impl AccessService for Access {
    async fn get_my_access(
        &self,
        request: Request<GetMyAccessRequest>,
    ) -> Result<Response<GetMyAccessResponse>, Status> {
        Ok(Response::new(my_access(&request)?))
    }

    async fn explain_access(
        &self,
        request: Request<ExplainAccessRequest>,
    ) -> Result<Response<ExplainAccessResponse>, Status> {
        Ok(Response::new(explain(&self.explainer, request).await?))
    }
}

fn my_access(request: &Request<GetMyAccessRequest>) -> Result<GetMyAccessResponse> {
    let abilitazione = abilitazione(request)?;
    abilitazione.permit(NoFilter)?;
    Ok(abilitazione.into())
}

async fn explain(
    explainer: &AccessExplainer,
    request: Request<ExplainAccessRequest>,
) -> Result<ExplainAccessResponse> {
    let abilitazione = abilitazione(&request)?.clone();
    let question = explainer.read(request.into_inner())?;
    // The proof holds the question: what is answered is what was decided on and recorded.
    let permesso = abilitazione.permit(question)?;
    explainer.answer(permesso.selection()).await
}

impl From<&Abilitazione> for GetMyAccessResponse {
    fn from(abilitazione: &Abilitazione) -> Self {
        let aa07 = abilitazione.aa07();
        let profilo = abilitazione.profilo();
        Self {
            soggetto: aa07.soggetto.clone(),
            ente: aa07.ente.clone(),
            applicazione: aa07.applicazione.clone(),
            profilo: profilo.name().to_owned(),
            chiamate: profilo
                .decisions()
                .map(|decisione| ChiamataConsentita {
                    rpc: decisione.rpc().to_owned(),
                    filtri: decisione.filtri().iter().cloned().collect(),
                    colonne: decisione.colonne().iter().cloned().collect(),
                })
                .collect(),
            ambito: Some((&aa07.ambito).into()),
            valida_dal: aa07.valida_dal.to_string(),
            valida_al: aa07.valida_al.to_string(),
        }
    }
}

impl From<&Ambito> for proto::Ambito {
    fn from(ambito: &Ambito) -> Self {
        let normative = ambito.normative().texts();
        let prestazioni = ambito.prestazioni().texts();
        Self {
            tutte_le_normative: normative.is_none(),
            normative: normative.unwrap_or_default(),
            tutte_le_prestazioni: prestazioni.is_none(),
            prestazioni: prestazioni.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        abilitazione::{ActivePolicy, AmbitoCodes, PolicySource, grants},
        contract::vocabulary::Vocabulary,
        error::Reason,
        valori::CodiceNormativa,
    };

    #[tokio::test]
    async fn the_answer_is_the_grant_and_the_profile() {
        let vocabulary = Vocabulary::of_contract().unwrap();
        let politica = ActivePolicy::load(&PolicySource::embedded(), &vocabulary)
            .await
            .unwrap();
        let norm = CodiceNormativa::parse("DL109-2018-ART44").unwrap();
        let ambito = Ambito::new(AmbitoCodes::only([norm]).unwrap(), AmbitoCodes::All);
        let aa07 = grants::tests::aa07("mef-sintesi", ambito);
        let table = politica.table();
        let profilo = table.profilo("mef-sintesi").unwrap();
        let abilitazione =
            Abilitazione::new(aa07.into(), profilo, "AccessService/GetMyAccess").unwrap();

        let mut request = Request::new(GetMyAccessRequest {});
        request.extensions_mut().insert(abilitazione);
        let answer = my_access(&request).unwrap();
        assert_eq!(
            (
                answer.soggetto.as_str(),
                answer.ente.as_str(),
                answer.profilo.as_str()
            ),
            ("client", "MEF", "mef-sintesi")
        );
        assert_eq!(answer.applicazione, grants::APPLICAZIONE);
        assert_eq!(answer.valida_dal, "2026-01-01");
        assert_eq!(answer.valida_al, "2026-12-31");
        assert_eq!(
            answer.ambito.unwrap(),
            proto::Ambito {
                tutte_le_normative: false,
                normative: vec!["DL109-2018-ART44".to_owned()],
                tutte_le_prestazioni: true,
                prestazioni: vec![],
            }
        );
        let rpcs: Vec<&str> = answer.chiamate.iter().map(|c| c.rpc.as_str()).collect();
        assert_eq!(
            rpcs,
            [
                "AccessService/GetMyAccess",
                "MonitoraggioService/ConfrontaRilevazioni",
                "MonitoraggioService/GetAndamento",
                "MonitoraggioService/GetProiezione",
                "MonitoraggioService/GetStoria",
                "MonitoraggioService/GetTiraggio",
                "MonitoraggioService/VerificaCapienza",
                "ReportService/DownloadReportSintetico",
                "ReportService/GetReportSintetico",
                "ReportService/ListNormative",
                "ReportService/ListPrestazioni",
                "ReportService/ListRilevazioni",
            ]
        );
        let report = &answer.chiamate[7];
        assert_eq!(report.filtri, ["normativa", "periodo", "prestazione"]);
        assert!(report.colonne.contains(&"residuo_pagato".to_owned()));
    }

    #[test]
    fn without_the_layer_there_is_no_answer() {
        let error = my_access(&Request::new(GetMyAccessRequest {})).unwrap_err();
        assert_eq!(error.reason, Reason::Internal);
    }
}
