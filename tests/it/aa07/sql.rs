//! Requests and steps written by hand, around the program.

use omnia::valori::name::key;
use sqlx::{AssertSqlSafe, PgPool};

/// A step, in SQL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepRow<'a> {
    pub versione: i32,
    pub azione: &'a str,
    pub da: Option<&'a str>,
    pub a: &'a str,
    pub operatore: &'a str,
    pub utente: Option<&'a str>,
}

/// A legal step by Anna.
pub(crate) fn step_row<'a>(versione: i32, azione: &'a str, da: &'a str, a: &'a str) -> StepRow<'a> {
    StepRow {
        versione,
        azione,
        da: (!da.is_empty()).then_some(da),
        a,
        operatore: "anna",
        utente: None,
    }
}

/// The way to an active grant: Anna records, Bruno approves.
pub(crate) fn up_to_attiva() -> [StepRow<'static>; 3] {
    let mut passi = [
        step_row(1, "RICHIESTA", "", "RICHIESTA"),
        step_row(2, "VERIFICA", "RICHIESTA", "VERIFICATA"),
        step_row(3, "APPROVAZIONE", "VERIFICATA", "ATTIVA"),
    ];
    passi[2].operatore = "bruno";
    passi
}

/// Writes steps of a grant in one statement.
pub(crate) async fn write_steps(
    pool: &PgPool,
    id: i64,
    passi: &[StepRow<'_>],
) -> Result<(), sqlx::Error> {
    let mut query = sqlx::QueryBuilder::new(
        "insert into abilitazione_evento
             (abilitazione, versione, azione, da_stato, a_stato, istante, operatore, utente, motivo,
              operatore_chiave, utente_chiave) ",
    );
    query.push_values(passi, |mut row, passo| {
        row.push_bind(id)
            .push_bind(passo.versione)
            .push_bind(passo.azione)
            .push_bind(passo.da)
            .push_bind(passo.a)
            .push("now()")
            .push_bind(passo.operatore)
            .push_bind(passo.utente)
            .push("'prova'")
            .push_bind(key(passo.operatore))
            .push_bind(passo.utente.map(key));
    });
    let mut tx = pool.begin_with("begin read write").await?;
    query.build().execute(&mut *tx).await?;
    tx.commit().await
}

/// Writes a request for 2026 with its first step, and gives its number.
pub(crate) async fn write_request(
    pool: &PgPool,
    soggetto: &str,
    profilo: &str,
    normative: &str,
) -> i64 {
    let mut tx = pool.begin_with("begin read write").await.unwrap();
    let id = sqlx::query_scalar(
        "insert into abilitazione (soggetto, ente, applicazione, profilo, normative, prestazioni, valida_dal, valida_al,
                                   protocollo_pec, impronta_modulo)
         values ($1, 'MEF', 'x', $2, $3::text[], '{*}', '2026-01-01', '2026-12-31', 'x', sha256('x'))
         returning id",
    )
    .bind(soggetto)
    .bind(profilo)
    .bind(normative)
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    sqlx::query(
        "insert into abilitazione_evento (abilitazione, versione, azione, a_stato, istante, operatore, motivo,
                                          operatore_chiave)
         values ($1, 1, 'RICHIESTA', 'RICHIESTA', now(), 'anna', 'prova', 'anna')",
    )
    .bind(id)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

/// Takes a request to its approval.
pub(crate) async fn activate(pool: &PgPool, id: i64) -> Result<(), sqlx::Error> {
    write_steps(pool, id, &up_to_attiva()[1..]).await
}

/// Runs a statement.
pub(crate) async fn execute(pool: &PgPool, sql: &str) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin_with("begin read write").await?;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// The SQLSTATE of a refusal.
pub(crate) fn code(refused: &sqlx::Error) -> String {
    let error = refused.as_database_error().unwrap();
    error.code().unwrap().into_owned()
}
