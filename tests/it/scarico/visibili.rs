//! What the profile does not see is not in the file; what it may not ask is refused.

use omnia::contract::proto::{DownloadDecreesRequest, ErrorReason, FormatoFile};
use tonic::Code;

use super::{
    FORMATI, decreti,
    lettori::{leggi, parte},
};
use crate::{
    chiamate::{PERSONA, estratto, filtro_decreti},
    errore::assert_errore,
    modello::{CF, NORMATIVE},
    servizio::Servizio,
};

fn request(formato: FormatoFile) -> DownloadDecreesRequest {
    DownloadDecreesRequest {
        normativa: NORMATIVE[0].into(),
        formato: formato.into(),
        ..Default::default()
    }
}

/// The bytes of an XLSX and of a Parquet file are compressed: what they hold is read.
fn contiene(formato: FormatoFile, byte: &[u8], testo: &str) -> bool {
    let righe = leggi(formato, byte).righe;
    righe.iter().flatten().any(|cella| cella.contains(testo))
}

#[tokio::test]
async fn natural_persons_are_masked() {
    let servizio = Servizio::avvia().await;
    servizio.carica(&estratto(), "2026-10-31").await;
    let mut vede = servizio.cliente("mlps-ammortizzatori").await;
    let mut mascherato = servizio.cliente("mef-rgs").await;
    let note = "<t>Sedici asterischi stanno al posto";
    for formato in FORMATI {
        let clear = decreti(&mut vede, request(formato)).await.unwrap();
        let masked = decreti(&mut mascherato, request(formato)).await.unwrap();
        assert!(contiene(formato, &clear.byte, PERSONA), "{formato:?}");
        assert!(!contiene(formato, &clear.byte, "****************"));
        for person in &CF[1..] {
            assert!(!contiene(formato, &masked.byte, person), "{formato:?}");
        }
        assert!(contiene(formato, &masked.byte, "****************"));
        assert!(contiene(formato, &masked.byte, CF[0]), "a company");
        assert_eq!(clear.chiusura.totali, masked.chiusura.totali);
        if formato == FormatoFile::Xlsx {
            let informazioni = |byte| parte(byte, "xl/worksheets/sheet2.xml");
            assert!(informazioni(&masked.byte).contains(note));
            assert!(!informazioni(&clear.byte).contains(note));
        }
    }
    servizio.ferma().await;
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
    let servizio = Servizio::avvia_con(|s| s.access.policy_dir = Some(dir.path().to_owned())).await;
    servizio.carica(&estratto(), "2026-10-31").await;
    let mut cliente = servizio.cliente("mef-rgs").await;
    for formato in FORMATI {
        let file = decreti(&mut cliente, request(formato)).await.unwrap();
        let letto = leggi(formato, &file.byte);
        assert_eq!(letto.colonne, omnia::blocks::riga::COLONNE);
        assert!(!letto.righe.is_empty());
        for riga in &letto.righe {
            for (nome, cella) in letto.colonne.iter().zip(riga) {
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
            let informazioni = parte(&file.byte, "xl/worksheets/sheet2.xml");
            assert!(informazioni.contains("Vuote perché il profilo del richiedente non le vede"));
        }
    }
    servizio.ferma().await;
}

#[tokio::test]
async fn a_filter_that_is_denied_is_refused_before_the_file_begins() {
    let servizio = Servizio::avvia().await;
    servizio.carica(&estratto(), "2026-10-31").await;
    let mut cliente = servizio.cliente("mef-rgs").await;
    for formato in FORMATI {
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
            assert_errore(&status, Code::PermissionDenied, ErrorReason::FilterDenied);
        }
    }
    let mut cliente = servizio.cliente("mef-sintesi").await;
    let status = decreti(&mut cliente, request(FormatoFile::Csv))
        .await
        .unwrap_err();
    assert_errore(&status, Code::PermissionDenied, ErrorReason::CallDenied);
    servizio.ferma().await;
}
