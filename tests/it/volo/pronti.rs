//! Record batches that are stored: sent as they are, never short, never with a person that the caller may not see.

use std::collections::BTreeSet;

use arrow_array::{RecordBatch, cast::AsArray as _, types::Int32Type};
use arrow_flight::{FlightDescriptor, Ticket, decode::FlightRecordBatchStream};
use futures_util::TryStreamExt as _;
use omnia::{
    abilitazione::{Ambito, Insieme},
    blocks::blocco::RIGHE_PER_BLOCCO,
    contract::proto::ExportDecreesRequest,
    rilevazione::derived::rebuild,
    valori::CodicePrestazione,
};
use sqlx::AssertSqlSafe;
use tonic::Code;

use super::{Preso, biglietto, prendi};
use crate::{
    flusso::molte,
    modello::{CODIFICHE, MASCHERA, NORMATIVE, PRESTAZIONI},
    servizio::{Cliente, Servizio, tutto},
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

async fn sql(servizio: &Servizio, statements: &str) {
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(&servizio.db.owner)
        .await
        .unwrap();
}

/// Makes all again, in blocks of so many rows.
async fn rifai(servizio: &Servizio, righe: u32) {
    let left = rebuild(&servizio.db.owner, &[], righe, false, |_, _| ()).await;
    assert_eq!(left.unwrap(), []);
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
    assert_eq!(status.code(), Code::DataLoss);
    servizio.ferma().await;
}

/// The dictionaries of a norm have codes of benefits that are not in everybody's scope.
#[tokio::test]
async fn no_dictionary_names_what_is_out_of_scope() {
    let servizio = Servizio::avvia_con(|s| s.export.batch_rows = 50).await;
    let mut estratto = molte(200);
    for riga in &mut estratto.righe[100..] {
        riga.prestazione = PRESTAZIONI[1];
        riga.codifica = CODIFICHE[2];
        // Later decrees: no block has both.
        riga.data += 20;
    }
    for riga in &mut estratto.righe[..100] {
        riga.codifica = CODIFICHE[0];
    }
    servizio.carica(&estratto, "2026-10-31").await;
    let sola = CodicePrestazione::parse(PRESTAZIONI[0]).unwrap();
    let ambito = Ambito::new(Insieme::Tutti, Insieme::alcuni([sola]).unwrap());
    servizio.abilita("una", "mlps-ammortizzatori", ambito).await;
    servizio
        .abilita("tutte", "mlps-ammortizzatori", tutto())
        .await;
    for (chi, righe, codici) in [
        ("una", 100, vec![PRESTAZIONI[0], CODIFICHE[0]]),
        (
            "tutte",
            200,
            vec![PRESTAZIONI[0], PRESTAZIONI[1], CODIFICHE[0], CODIFICHE[2]],
        ),
    ] {
        let mut cliente = servizio.come(chi);
        let ticket = Ticket::new(ticket(&cliente));
        let stream = cliente.volo.do_get(ticket).await.unwrap().into_inner();
        let batches: Vec<RecordBatch> =
            FlightRecordBatchStream::new_from_flight_data(stream.map_err(Into::into))
                .try_collect()
                .await
                .unwrap();
        assert_eq!(
            batches.iter().map(RecordBatch::num_rows).sum::<usize>(),
            righe
        );
        let mut detti = BTreeSet::new();
        for batch in &batches {
            for colonna in ["prestazione", "codifica_sistema_unico"] {
                let colonna = batch.column_by_name(colonna).unwrap();
                let testi = colonna.as_dictionary::<Int32Type>().values();
                detti.extend(testi.as_string::<i32>().iter().flatten().map(str::to_owned));
            }
        }
        let codici: BTreeSet<String> = codici.into_iter().map(str::to_owned).collect();
        assert_eq!(detti, codici, "{chi}");
    }
    servizio.ferma().await;
}

/// Of a database from before there were batches, or checksums of them.
#[tokio::test]
async fn where_there_are_none_the_rows_are_encoded() {
    let servizio = scena(1000).await;
    let mut clienti = [
        servizio.cliente("mlps-ammortizzatori").await,
        servizio.cliente("mef-rgs").await,
    ];
    for cliente in &mut clienti {
        rifai(&servizio, 50).await;
        let stored = tutta(cliente).await;
        sql(&servizio, "update serie set checksum = null").await;
        let encoded = tutta(cliente).await;
        assert_eq!(encoded.righe, stored.righe);
        assert_eq!(encoded.esito.unwrap(), stored.esito.unwrap());
    }
    servizio.ferma().await;
}

/// They are made again, of the same size and of another, while a flight is under way.
#[tokio::test]
async fn a_flight_goes_on_when_its_batches_are_made_again() {
    const RIGHE: u32 = 4000;
    for righe in [50, RIGHE_PER_BLOCCO] {
        let servizio = scena(RIGHE).await;
        let mut cliente = servizio.cliente("mlps-ammortizzatori").await;
        let whole = tutta(&mut cliente).await;
        // One that reads slowly: the server cannot be done before they are gone.
        let mut slow = servizio.lento("cliente-mlps-ammortizzatori");
        let ticket = Ticket::new(ticket(&slow));
        let stream = slow.volo.do_get(ticket).await.unwrap().into_inner();
        rifai(&servizio, righe).await;
        let preso = super::leggi(stream).await;
        assert!(preso.righe == whole.righe, "blocks of {righe}");
        assert_eq!(preso.esito.unwrap(), whole.esito.unwrap());
        servizio.ferma().await;
    }
}

/// What a flight begins with, what it sends, and what it would skip: none of it is sent where it is not what was stored.
#[tokio::test]
async fn batches_that_are_not_what_they_were_end_a_flight_with_an_error() {
    let servizio = scena(1000).await;
    let mut cliente = servizio.cliente("mlps-ammortizzatori").await;
    let flip = |cosa: &str, numero: i32| {
        format!(
            "update pezzo set byte = set_byte(byte, 60, get_byte(byte, 60) # 4)
             where posto = 3 and cosa = '{cosa}' and numero = {numero}"
        )
    };
    for harm in [
        // The header of the message, the body, the persons: one bit each.
        flip("batch", 0),
        flip("batch", 1),
        flip("batch_persone", 0),
        "update pezzo set byte = substr(byte, 1, 100) where posto = 3 and cosa = 'batch' and numero = 1".to_owned(),
        "update blocco set batch_byte = batch_byte - 1 where posto = 3".to_owned(),
        "update pezzo set byte = '\\x00' where posto = 3 and cosa = 'batch_persone'".to_owned(),
        "update serie set dizionario_codifiche = dizionario_codifiche[2:3] || dizionario_codifiche[1:1]".to_owned(),
        "delete from blocco where posto = 19".to_owned(),
        "delete from blocco where posto = 19; update serie set blocchi = 19".to_owned(),
        "delete from pezzo where posto = 3".to_owned(),
    ] {
        sql(&servizio, &harm).await;
        let status = tutta(&mut cliente).await.esito.unwrap_err();
        let reason = omnia::contract::proto::ErrorReason::DerivedDataDamaged;
        crate::errore::assert_errore(&status, Code::DataLoss, reason);
        // Nor is one planned by what its blocks say, where it is they that are wrong.
        let planned = cliente
            .volo
            .get_flight_info(FlightDescriptor::new_path(vec![NORMATIVE[0].into()]))
            .await;
        if !harm.contains("pezzo") {
            assert_eq!(planned.unwrap_err().code(), Code::DataLoss, "{harm}");
        }
        rifai(&servizio, 50).await;
    }
    assert!(tutta(&mut cliente).await.esito.is_ok());
    servizio.ferma().await;
}
