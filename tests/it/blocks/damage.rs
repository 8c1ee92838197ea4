//! Stored data that were changed, removed or moved: no row of them is sent and no figure of them told, but an error that says what is
//! damaged; and once they are made again all is as it was.

use omnia::{
    abilitazione::Ambito,
    app::derivations,
    blocks::series::SeriesDefect,
    contract::proto::{ErrorReason, ExportDecreesResponse, FiltroDecreti, Periodo},
    rilevazione::derived::{Defect, rebuild, verify},
};
use rand::RngExt as _;
use sqlx::{AssertSqlSafe, PgPool};
use tonic::{Code, Status};

use super::{export, export_all, lotti};
use crate::{
    errors::assert_error,
    export_stream::many_rows,
    model::{CODIFICHE, NORMATIVE, PRESTAZIONI},
    server::{CallerClients, TestServer},
};

/// Rows of a block.
const BLOCK: u32 = 50;

async fn scene() -> (TestServer, CallerClients) {
    let servizio = TestServer::start_with(|s| s.export.batch_rows = BLOCK).await;
    servizio.load(&many_rows(1000), "2026-10-31").await;
    let cliente = servizio.clients_of("mlps-ammortizzatori").await;
    (servizio, cliente)
}

async fn sql(owner: &PgPool, statements: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(owner)
        .await
        .unwrap();
    assert!(done.rows_affected() > 0, "{statements}");
}

async fn mend(owner: &PgPool) -> Vec<Defect> {
    let left = rebuild(owner, &derivations(BLOCK), &[], false, |_, _| ())
        .await
        .unwrap();
    left.into_iter().map(|difetto| difetto.defect).collect()
}

async fn found(owner: &PgPool) -> Vec<Defect> {
    let found = verify(owner, &derivations(BLOCK), |_, _, _| ())
        .await
        .unwrap();
    found.into_iter().map(|difetto| difetto.defect).collect()
}

#[track_caller]
fn assert_damaged<T: std::fmt::Debug>(read: Result<T, Status>, harm: &str) {
    let Err(status) = read else {
        panic!("answered, after {harm}");
    };
    assert_eq!(status.code(), Code::DataLoss, "{harm}: {status:?}");
    let reason = ErrorReason::DerivedDataDamaged;
    let errore = assert_error(&status, Code::DataLoss, reason);
    assert!(errore.metadata.contains_key("request_id"));
}

/// The whole norm; what overlaps a year; one codifica.
async fn reads(cliente: &mut CallerClients) -> Vec<Result<Vec<ExportDecreesResponse>, Status>> {
    let periodo = FiltroDecreti {
        periodo: Some(Periodo {
            dal: "2022-03-01".into(),
            al: "2023-03-01".into(),
            criterio: 0,
        }),
        ..Default::default()
    };
    let codifica = FiltroDecreti {
        codifica_sistema_unico: CODIFICHE[0].into(),
        ..Default::default()
    };
    let mut reads = Vec::new();
    for filtro in [FiltroDecreti::default(), periodo, codifica] {
        reads.push(export(cliente, NORMATIVE[0], filtro, 0, "").await);
    }
    reads
}

fn unwrapped<T>(reads: Vec<Result<T, Status>>) -> Vec<T> {
    reads.into_iter().map(Result::unwrap).collect()
}

/// What is known of a series is wrong: nothing of it is read, whatever the filter.
#[tokio::test]
async fn a_series_that_is_not_what_it_was() {
    let (servizio, mut cliente) = scene().await;
    let owner = &servizio.db.owner;
    let before = unwrapped(reads(&mut cliente).await);
    assert_eq!(lotti(&before[0]).len(), 20);
    for harm in [
        // Fewer blocks than there were, and a series that says so: short, and what is left agrees.
        "delete from pezzo where posto = 19; delete from blocco where posto = 19; update serie set blocchi = 19",
        "delete from blocco where posto = 19",
        "delete from blocco where posto = 3",
        "update serie set blocchi = 19",
        "update blocco set importi_erogati = importi_erogati + 0.01 where posto = 4",
        "update blocco set importi_erogati = importi_erogati + case posto when 4 then 1 else -1 end where posto in (4, 5)",
        "update blocco set ultima_id = ultima_id + 1 where posto = 4",
        // Skipped by every periodo and every scope, if that were believed.
        "update blocco set validita_al_max = '2000-01-01' where posto = 4",
        "update blocco set prestazioni = '{CIGO}' where posto = 4",
        "update blocco set checksum = null where posto = 4",
        "update blocco set checksum = checksum[1:5] where posto = 4",
        "update serie set dizionario_codifiche = array_append(dizionario_codifiche, '999-999')",
        "update serie set dizionario_codifiche = null, dizionario_prestazioni = null",
        // Two blocks in each other's place, whole.
        "alter table pezzo drop constraint pezzo_pkey; update blocco set posto = 100 where posto = 3;
         update blocco set posto = 3 where posto = 4; update blocco set posto = 4 where posto = 100;
         update pezzo set posto = 7 - posto where posto in (3, 4);
         alter table pezzo add primary key (serie, posto, cosa, numero)",
        "update totale_controllo set righe = righe - 1",
        "delete from totale_controllo",
    ] {
        sql(owner, harm).await;
        for read in reads(&mut cliente).await {
            assert_damaged(read, harm);
        }
        assert!(!found(owner).await.is_empty(), "{harm}");
        assert_eq!(mend(owner).await, [], "{harm}");
        assert_eq!(unwrapped(reads(&mut cliente).await), before, "{harm}");
    }
    // Which blocks have a codifica is read by whoever asks for one.
    let harm =
        "update blocco set codifiche = '{999-999}', codifiche_righe = '{50}' where posto = 4";
    sql(owner, harm).await;
    let codifica = reads(&mut cliente).await.pop().unwrap();
    assert_damaged(codifica, harm);
    assert_eq!(found(owner).await.len(), 1);
    servizio.stop().await;
}

/// Any bit of what a block holds: it is found by whoever reads it, and by nobody else.
#[tokio::test]
async fn any_bit_of_a_block() {
    let (servizio, mut clear) = scene().await;
    let mut masked = servizio.clients_of("mef-rgs").await;
    let owner = &servizio.db.owner;
    let before = [
        export_all(&mut clear).await.unwrap(),
        export_all(&mut masked).await.unwrap(),
    ];
    let pezzi: Vec<(i32, String, i32, i32)> = sqlx::query_as(
        "select posto, cosa, numero, length(byte) from pezzo where cosa like 'lotto%' order by 1, 2, 3",
    )
    .fetch_all(owner)
    .await
    .unwrap();
    let mut rng = rand::rng();
    let mut damaged = 0;
    for _ in 0..80 {
        let (posto, cosa, numero, length) = &pezzi[rng.random_range(0..pezzi.len())];
        let (at, bit) = (rng.random_range(0..*length), 1 << rng.random_range(0..8));
        let flip = format!(
            "update pezzo set byte = set_byte(byte, {at}, get_byte(byte, {at}) # {bit})
             where posto = {posto} and cosa = '{cosa}' and numero = {numero}"
        );
        sql(owner, &flip).await;
        let read = [export_all(&mut clear).await, export_all(&mut masked).await];
        for (read, before) in read.into_iter().zip(&before) {
            match read {
                Ok(read) => assert!(read == *before, "wrong rows, after {flip}"),
                Err(_) => {
                    assert_damaged(read, &flip);
                    damaged += 1;
                }
            }
        }
        sql(owner, &flip).await;
    }
    // Who sees persons masked reads no list of them.
    assert!((80..=160).contains(&damaged), "{damaged}");
    for harm in [
        "update pezzo set byte = substr(byte, 1, 100) where posto = 3 and cosa = 'lotto'",
        "update pezzo set byte = byte || '\\x00' where posto = 3 and cosa = 'lotto'",
        "update pezzo set byte = '\\x00' where posto = 3 and cosa = 'lotto_persone'",
        "delete from pezzo where posto = 3 and cosa = 'lotto_persone'",
        "delete from pezzo where posto = 3",
        // One block's rows in another's place.
        "update pezzo a set byte = b.byte from pezzo b
         where a.cosa = b.cosa and a.numero = b.numero and a.posto = 3 and b.posto = 4",
    ] {
        sql(owner, harm).await;
        assert_damaged(export_all(&mut clear).await, harm);
        assert_eq!(mend(owner).await, [], "{harm}");
        assert!(export_all(&mut clear).await.unwrap() == before[0], "{harm}");
    }
    servizio.stop().await;
}

/// From before there were checksums: the rows are read, `verify` tells, `rebuild` mends.
#[tokio::test]
async fn blocks_without_checksums_are_not_used() {
    let (servizio, mut cliente) = scene().await;
    let owner = &servizio.db.owner;
    let before = export_all(&mut cliente).await.unwrap();
    let old = "update serie set checksum = null; update blocco set checksum = null; update pezzo set byte = '\\x00'";
    sql(owner, old).await;
    assert!(export_all(&mut cliente).await.unwrap() == before);
    assert_eq!(found(owner).await, [SeriesDefect::NoChecksums.into()]);
    assert_eq!(mend(owner).await, []);
    assert_eq!(found(owner).await, []);
    servizio.stop().await;
}

/// Rows that are not those that were loaded: an export that reads them all does not come to what was noted. Making things again does
/// not hide it, until somebody says that they are right.
#[tokio::test]
async fn rows_that_are_not_those_of_their_load() {
    let (servizio, mut cliente) = scene().await;
    let mut scoped = {
        let one = omnia::valori::CodicePrestazione::parse(PRESTAZIONI[0]).unwrap();
        let one = omnia::abilitazione::AmbitoCodes::only([one]).unwrap();
        let ambito = Ambito::new(omnia::abilitazione::AmbitoCodes::All, one);
        servizio
            .grant_scope("una", "mlps-ammortizzatori", ambito)
            .await;
        servizio.clients_as("una")
    };
    let owner = &servizio.db.owner;
    let senza_blocchi = "update serie set righe_per_blocco = righe_per_blocco + 1";
    sql(owner, senza_blocchi).await;
    assert!(export_all(&mut cliente).await.is_ok());
    assert!(export_all(&mut scoped).await.is_ok());
    for harm in [
        "update dettaglio_decreto set ore_decretate = ore_decretate + 1 where id = (select max(id) from dettaglio_decreto)",
        "delete from dettaglio_decreto where id = (select min(id) from dettaglio_decreto)",
    ] {
        sql(owner, harm).await;
        assert_damaged(export_all(&mut cliente).await, harm);
        assert_damaged(export_all(&mut scoped).await, harm);
        let left = mend(owner).await;
        assert!(left.iter().any(Defect::is_of_rows), "{harm}: {left:?}");
        assert_damaged(export_all(&mut cliente).await, harm);
        assert!(found(owner).await.iter().any(Defect::is_of_rows), "{harm}");
        let left = rebuild(owner, &derivations(BLOCK), &[], true, |_, _| ())
            .await
            .unwrap();
        assert_eq!(left, []);
        assert_eq!(found(owner).await, []);
        assert!(export_all(&mut cliente).await.is_ok());
        assert!(export_all(&mut scoped).await.is_ok());
        sql(owner, senza_blocchi).await;
    }
    servizio.stop().await;
}
