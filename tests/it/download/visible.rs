//! What the profile does not see is not in the file; what it may not ask is refused.

use omnia::contract::proto::{DownloadDecreesRequest, ErrorReason, FormatoFile};
use tonic::Code;

use super::{
    FORMATS, decreti,
    readers::{read_table, zip_part},
};
use crate::{
    calls::{PERSONA, extract, filtro_decreti},
    errors::assert_error,
    model::{CF, NORMATIVE},
    server::TestServer,
};

fn request(formato: FormatoFile) -> DownloadDecreesRequest {
    DownloadDecreesRequest {
        normativa: NORMATIVE[0].into(),
        formato: formato.into(),
        ..Default::default()
    }
}

/// The bytes of an XLSX and of a Parquet file are compressed: what they hold is read.
fn contains(formato: FormatoFile, byte: &[u8], testo: &str) -> bool {
    let righe = read_table(formato, byte).rows;
    righe.iter().flatten().any(|cella| cella.contains(testo))
}

#[tokio::test]
async fn natural_persons_are_masked() {
    let servizio = TestServer::start().await;
    servizio.load(&extract(), "2026-10-31").await;
    let mut vede = servizio.clients_of("mlps-ammortizzatori").await;
    let mut mascherato = servizio.clients_of("mef-rgs").await;
    let note = "<t>Sedici asterischi stanno al posto";
    for formato in FORMATS {
        let clear = decreti(&mut vede, request(formato)).await.unwrap();
        let masked = decreti(&mut mascherato, request(formato)).await.unwrap();
        assert!(contains(formato, &clear.bytes, PERSONA), "{formato:?}");
        assert!(!contains(formato, &clear.bytes, "****************"));
        for person in &CF[1..] {
            assert!(!contains(formato, &masked.bytes, person), "{formato:?}");
        }
        assert!(contains(formato, &masked.bytes, "****************"));
        assert!(contains(formato, &masked.bytes, CF[0]), "a company");
        assert_eq!(clear.chiusura.totali, masked.chiusura.totali);
        if formato == FormatoFile::Xlsx {
            let informazioni = |byte| zip_part(byte, "xl/worksheets/sheet2.xml");
            assert!(informazioni(&masked.bytes).contains(note));
            assert!(!informazioni(&clear.bytes).contains(note));
        }
    }
    servizio.stop().await;
}

/// A column that is hidden is there, so that a table made for the file still fits, and empty; so is its total.
#[tokio::test]
async fn a_hidden_column_is_empty() {
    let dir = tempfile::tempdir().unwrap();
    let policy = std::fs::read_to_string("policies/policy.csv").unwrap();
    let deny = "p, cieco, DecreeService/DownloadDecrees, colonna, importi_erogati, deny\n\
         p, cieco, DecreeService/DownloadDecrees, colonna, prestazione, deny\n\
         p, cieco, DecreeService/DownloadDecrees, colonna, validita_al, deny\n\
         g, mef-rgs, cieco\n";
    std::fs::write(dir.path().join("policy.csv"), policy + deny).unwrap();
    let servizio =
        TestServer::start_with(|s| s.access.policy_dir = Some(dir.path().to_owned())).await;
    servizio.load(&extract(), "2026-10-31").await;
    let mut cliente = servizio.clients_of("mef-rgs").await;
    for formato in FORMATS {
        let file = decreti(&mut cliente, request(formato)).await.unwrap();
        let letto = read_table(formato, &file.bytes);
        assert_eq!(
            letto.columns,
            omnia::blocks::detail_row::DETAIL_COLUMNS.map(omnia::contract::column::Column::name)
        );
        assert!(!letto.rows.is_empty());
        for riga in &letto.rows {
            for (nome, cella) in letto.columns.iter().zip(riga) {
                let hidden = ["importi_erogati", "prestazione", "validita_al"];
                assert_eq!(
                    cella.is_empty(),
                    hidden.contains(&nome.as_str()),
                    "{formato:?} {nome}"
                );
            }
        }
        let totali = file.chiusura.totali.unwrap();
        assert_eq!(totali.importi_erogati, "");
        assert_ne!(totali.importi_autorizzati, "");
        if formato == FormatoFile::Xlsx {
            let informazioni = zip_part(&file.bytes, "xl/worksheets/sheet2.xml");
            assert!(informazioni.contains("Vuote perché il profilo del richiedente non le vede"));
        }
    }
    servizio.stop().await;
}

#[tokio::test]
async fn a_filter_that_is_denied_is_refused_before_the_file_begins() {
    let servizio = TestServer::start().await;
    servizio.load(&extract(), "2026-10-31").await;
    let mut cliente = servizio.clients_of("mef-rgs").await;
    for formato in FORMATS {
        for filtro in [
            "cf_azienda",
            "cf_azienda.persona_fisica",
            "matricola_azienda",
        ] {
            let request = DownloadDecreesRequest {
                filtro: Some(filtro_decreti(filtro)),
                ..request(formato)
            };
            let status = cliente.decreti.download_decrees(request).await.unwrap_err();
            assert_error(&status, Code::PermissionDenied, ErrorReason::FilterDenied);
        }
    }
    let mut cliente = servizio.clients_of("mef-sintesi").await;
    let status = decreti(&mut cliente, request(FormatoFile::Csv))
        .await
        .unwrap_err();
    assert_error(&status, Code::PermissionDenied, ErrorReason::CallDenied);
    servizio.stop().await;
}
