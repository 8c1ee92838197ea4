//! The calls of `MonitoraggioService` on two rilevazioni.

use std::sync::Arc;

use tonic::Request;

use super::{
    comparison::Comparison,
    comparison_query,
    confronto::{ComparedSelection, confronto},
    difference_cursor::DifferenceCursor,
    difference_download::DifferenceDownload,
    difference_export::DifferenceExport,
    difference_query::DifferenceReader,
    differences::DifferenceBatches,
    service::{DifferenceStreams, MonitoraggioServer},
};
use crate::{
    abilitazione::{Abilitazione, Permesso, abilitazione},
    contract::proto,
    error::{Error, Result, Violations},
    files::file_request::FileRequest,
    grpc::stream_task::ResponseStream,
    rilevazione::list::Rilevazione,
    valori::NumeroRilevazione,
};

/// Two rilevazioni that a caller may compare.
struct ComparedPair {
    permesso: Permesso<ComparedSelection>,
    da: Rilevazione,
    a: Rilevazione,
    comparison: Arc<Comparison>,
}

impl MonitoraggioServer {
    pub(super) async fn confronto(
        &self,
        request: Request<proto::ConfrontaRilevazioniRequest>,
    ) -> Result<proto::ConfrontaRilevazioniResponse> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let selection = ComparedSelection::parse(&mut violations, request.filtro, request.da);
        let after = number_after(&mut violations, request.a);
        violations.finish()?;

        let ComparedPair {
            permesso,
            da,
            a,
            comparison,
        } = self.compared(&chi, required(selection)?, after).await?;
        let record = permesso.call_record().clone();
        let (voci, totale) = confronto(&comparison, permesso);
        record.add_rows(voci.len());
        Ok(proto::ConfrontaRilevazioniResponse {
            voci,
            totale: Some(totale),
            da: Some(da.into()),
            a: Some(a.into()),
        })
    }

    pub(super) async fn export_differences(
        &self,
        request: Request<proto::ExportDifferenzeRequest>,
    ) -> Result<ResponseStream<proto::ExportDifferenzeResponse>> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let selection = ComparedSelection::parse(&mut violations, request.filtro, request.da);
        let mut after = number_after(&mut violations, request.a);
        violations.finish()?;
        let selection = required(selection)?;

        let DifferenceStreams { limits, signer, .. } = &self.differences;
        let binding = selection.binding();
        let asked = after.map(NumeroRilevazione::get);
        let token = signer.decode(&request.resume_token, binding, asked)?;
        let position = match token {
            None => None,
            Some(token) => {
                after = NumeroRilevazione::parse(token.rilevazione).map_err(Error::internal)?;
                Some(DifferenceCursor::from_bytes(&token.position)?)
            }
        };
        let compared = self.compared(&chi, selection, after).await?;
        let intestazione = proto::IntestazioneDifferenze {
            da: Some(compared.da.clone().into()),
            a: Some(compared.a.clone().into()),
        };
        let record = compared.permesso.call_record().clone();
        let export = DifferenceExport {
            batches: self.batches(compared, position),
            intestazione,
            binding,
            signer: signer.clone(),
        };
        let permit = limits.permit(&chi.aa07().soggetto)?;
        Ok(limits.start(permit, record, |sender| export.send(sender)))
    }

    pub(super) async fn download_differences(
        &self,
        request: Request<proto::DownloadDifferenzeRequest>,
    ) -> Result<ResponseStream<proto::DownloadDifferenzeResponse>> {
        let chi = abilitazione(&request)?.clone();
        let request = request.into_inner();
        let mut violations = Violations::default();
        let selection = ComparedSelection::parse(&mut violations, request.filtro, request.da);
        let after = number_after(&mut violations, request.a);
        let (formato, offset) = (request.formato, request.offset);
        let file = FileRequest::parse(&mut violations, formato, offset, ("a", after));
        violations.finish()?;

        let compared = self.compared(&chi, required(selection)?, after).await?;
        let rilevazione = compared.a.clone();
        let record = compared.permesso.call_record().clone();
        let download = DifferenceDownload {
            batches: self.batches(compared, None),
            rilevazione,
            request: required(file)?,
        };
        let limits = &self.differences.limits;
        let permit = limits.permit(&chi.aa07().soggetto)?;
        Ok(limits.start(permit, record, |sender| download.send(sender)))
    }

    /// Decides on a comparison, finds its rilevazioni and compares them.
    async fn compared(
        &self,
        chi: &Abilitazione,
        selection: ComparedSelection,
        after: Option<NumeroRilevazione>,
    ) -> Result<ComparedPair> {
        let before = selection.before;
        let permesso = chi.permit(selection)?;
        let a = self.rilevazioni.resolve(&permesso, after).await?;
        let da = self.rilevazioni.resolve(&permesso, Some(before)).await?;
        // The one before is told in the selection.
        let record = permesso.call_record();
        record.note(|known| known.rilevazione = Some(a.numero));
        self.rilevazioni
            .check_known(&permesso, "filtro.normativa", "filtro.prestazione")
            .await?;
        let numbers = (da.numero, a.numero);
        let read = async || comparison_query::comparison(&self.pool, &permesso, numbers).await;
        let comparison = self.comparisons.get(numbers, read).await?;
        Ok(ComparedPair {
            permesso,
            da,
            a,
            comparison,
        })
    }

    fn batches(
        &self,
        compared: ComparedPair,
        position: Option<DifferenceCursor>,
    ) -> DifferenceBatches {
        let rows = self.differences.batch_rows.div_ceil(2);
        let reader = DifferenceReader {
            pool: self.pool.clone(),
            permesso: compared.permesso,
            comparison: compared.comparison,
            before: compared.da.numero,
            after: compared.a.numero,
        };
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        DifferenceBatches::new(reader, position, rows)
    }
}

fn number_after(violations: &mut Violations, a: i32) -> Option<NumeroRilevazione> {
    violations.check("a", NumeroRilevazione::parse(a)).flatten()
}

/// What is missing only where something was noted.
fn required<T>(parsed: Option<T>) -> Result<T> {
    parsed.ok_or_else(|| Error::internal("a field is missing without a violation"))
}
