//! Record batches that are stored: sent as they are, never short, never with a person that the caller may not see.

use arrow_flight::Ticket;
use omnia::{
    lotto::blocco::RIGHE_PER_BLOCCO, proto::ExportDecreesRequest, rilevazione::blocchi::rifai,
};
use tonic::Code;

use super::{Preso, biglietto, prendi};
use crate::{
    flusso::molte,
    modello::{MASCHERA, NORMATIVE},
    servizio::{Cliente, Servizio},
};

async fn scena(righe: u32) -> Servizio {
    let servizio = Servizio::avvia_con(|s| s.export.batch_rows = 50).await;
    servizio.carica(&molte(righe), "2026-10-31").await;
    servizio
}

async fn tutta(cliente: &mut Cliente) -> Preso {
    let ticket = ticket(cliente);
    prendi(cliente, ticket).await.unwrap()
}

fn ticket(cliente: &Cliente) -> String {
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    biglietto(&cliente.soggetto, &request)
}

async fn sql(servizio: &Servizio, statements: &'static str) {
    sqlx::raw_sql(statements)
        .execute(&servizio.db.owner)
        .await
        .unwrap();
}

/// From here on the service finds nothing else of a block than what `using` keeps, and no row.
async fn soltanto(servizio: &Servizio, using: &'static str) {
    sql(
        servizio,
        "revoke select on dettaglio_decreto from omnia_servizio;
         alter table pezzo enable row level security;
         drop policy if exists soltanto on pezzo",
    )
    .await;
    sql(servizio, using).await;
}

#[tokio::test]
async fn sent_as_they_are() {
    let servizio = scena(1000).await;
    let mut clear = servizio.cliente("mlps-ammortizzatori").await;
    let mut masked = servizio.cliente("mef-rgs").await;
    let before = [tutta(&mut clear).await, tutta(&mut masked).await];
    let masks = |preso: &Preso| {
        let masks = preso.righe.iter().filter(|r| r.cf_azienda == MASCHERA);
        masks.count()
    };
    assert_eq!(masks(&before[0]), 0);
    assert!(masks(&before[1]) > 0);

    let batch = "create policy soltanto on pezzo to omnia_servizio using (cosa like 'batch%')";
    soltanto(&servizio, batch).await;
    for (cliente, before) in [&mut clear, &mut masked].into_iter().zip(&before) {
        let after = tutta(cliente).await;
        assert_eq!(after.righe, before.righe);
        assert_eq!(after.esito.unwrap(), *before.esito.as_ref().unwrap());
        assert_eq!(after.riprese.len(), 20);
        for (righe, ripresa) in &after.riprese {
            let resto = prendi(cliente, ripresa.as_str()).await.unwrap();
            assert_eq!(resto.righe, before.righe[*righe..]);
        }
    }

    // Who sees persons masked reads none; who is to see them is not given masks instead.
    let senza = "create policy soltanto on pezzo to omnia_servizio using (cosa = 'batch')";
    soltanto(&servizio, senza).await;
    assert_eq!(tutta(&mut masked).await.righe, before[1].righe);
    let status = tutta(&mut clear).await.esito.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    servizio.ferma().await;
}

/// Of a database from before there were batches, and of one with some of them.
#[tokio::test]
async fn where_there_are_none_the_rows_are_encoded() {
    let servizio = scena(1000).await;
    let mut clienti = [
        servizio.cliente("mlps-ammortizzatori").await,
        servizio.cliente("mef-rgs").await,
    ];
    for harm in [
        "update blocco set batch_byte = null where posto = 7",
        "update serie set dizionario_codifiche = null, dizionario_prestazioni = null",
    ] {
        for cliente in &mut clienti {
            rifai(&servizio.db.owner, &[], 50, |_, _| ()).await.unwrap();
            let stored = tutta(cliente).await;
            sql(&servizio, harm).await;
            let encoded = tutta(cliente).await;
            assert_eq!(encoded.righe, stored.righe, "{harm}");
            assert_eq!(encoded.esito.unwrap(), stored.esito.unwrap());
        }
    }
    servizio.ferma().await;
}

/// They are made again, of the same size and of another, or are gone, while a flight is under way.
#[tokio::test]
async fn a_flight_goes_on_when_its_batches_are_made_again() {
    const RIGHE: u32 = 4000;
    for righe in [Some(50), Some(RIGHE_PER_BLOCCO), None] {
        let servizio = scena(RIGHE).await;
        let mut cliente = servizio.cliente("mlps-ammortizzatori").await;
        let whole = tutta(&mut cliente).await;
        // One that reads slowly: the server cannot be done before they are gone.
        let mut slow = servizio.lento("cliente-mlps-ammortizzatori");
        let ticket = Ticket::new(ticket(&slow));
        let stream = slow.volo.do_get(ticket).await.unwrap().into_inner();
        match righe {
            Some(righe) => rifai(&servizio.db.owner, &[], righe, |_, _| ())
                .await
                .unwrap(),
            None => sql(&servizio, "delete from pezzo where cosa like 'batch%'").await,
        }
        let preso = super::leggi(stream).await;
        assert!(preso.righe == whole.righe, "blocks of {righe:?}");
        assert_eq!(preso.esito.unwrap(), whole.esito.unwrap());
        servizio.ferma().await;
    }
}

#[tokio::test]
async fn batches_that_are_not_what_they_were_end_a_flight_with_an_error() {
    for harm in [
        "update pezzo set byte = substr(byte, 1, 100) where posto = 3 and cosa = 'batch' and numero = 1",
        "update blocco set batch_byte = batch_byte - 1 where posto = 3",
        "update pezzo set byte = '\\x00' where posto = 3 and cosa = 'batch_persone'",
        "delete from blocco where posto = 19",
    ] {
        let servizio = scena(1000).await;
        let mut cliente = servizio.cliente("mlps-ammortizzatori").await;
        sql(&servizio, harm).await;
        let status = tutta(&mut cliente).await.esito.unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{harm}");
        servizio.ferma().await;
    }
}
