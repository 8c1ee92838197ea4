//! How Postgres finds the rows of the detail, on a volume where a wrong way would hurt: for every combination of the five
//! filters the index that leads to them, and no sequential scan. For pages no sort either: they come in the order of the index.

use omnia::{
    abilitazione::Abilitazione,
    app::derivations,
    blocks::{block::ROWS_PER_BLOCK, cursor::Cursor},
    clock::Clock,
    contract::proto,
    decreto::{filtro::FiltroDecreti, query::DetailReader},
    demo::sample::{SampleOptions, generate_sample},
    error::Violations,
    rilevazione::{Finding, load_extract},
};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Execute as _, PgPool, Postgres, QueryBuilder, Row as _};

use crate::abilitazione::{DoorScene, NOW, clock, new_request, scene};

const ROWS: u64 = 60_000;

/// One row of the detail, to take filter values from.
#[derive(Debug)]
struct PlanSample {
    normativa: String,
    codifica: String,
    numero: String,
    data: chrono::NaiveDate,
    dal: String,
    al: String,
    cf: String,
    matricola: String,
    id: i64,
    /// Rows of its norm.
    righe: i64,
}

async fn load_volume(pool: &PgPool) {
    let dir = tempfile::tempdir().unwrap();
    let opzioni = |rilevazione| SampleOptions {
        rows: ROWS,
        seed: 4648,
        rilevazione,
    };
    // Two rilevazioni: rows that have ended are among those that have not.
    for numero in [1, 2] {
        let fonti = generate_sample(opzioni(numero), dir.path(), |_| ()).unwrap();
        let then = Clock::from_fn(|| "2040-01-01T00:00:00Z".parse().unwrap());
        let mut findings: Vec<Finding> = Vec::new();
        load_extract(
            pool,
            &fonti,
            &derivations(ROWS_PER_BLOCK),
            &then,
            &mut findings,
        )
        .await
        .unwrap();
    }
}

/// A row from the middle of the norm with most rows, and of the one with fewest.
async fn samples(pool: &PgPool) -> Vec<PlanSample> {
    let rows = sqlx::query(
        "with norme as (select normativa, count(*) righe from dettaglio_decreto group by normativa),
              ordinate as (
                  select d.*, righe, row_number() over
                      (partition by normativa order by data_decreto, numero_decreto, id) posto
                  from dettaglio_decreto d join norme using (normativa))
         select normativa, codifica_sistema_unico, numero_decreto, data_decreto, validita_dal::text,
                validita_al::text, cf_azienda, matricola_azienda, id, righe
         from ordinate
         where posto = (righe + 1) / 2
           and righe in ((select max(righe) from norme), (select min(righe) from norme))
         order by righe desc",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.iter()
        .map(|row| PlanSample {
            normativa: row.get(0),
            codifica: row.get(1),
            numero: row.get(2),
            data: row.get(3),
            dal: row.get(4),
            al: row.get(5),
            cf: row.get(6),
            matricola: row.get(7),
            id: row.get(8),
            righe: row.get(9),
        })
        .collect()
}

/// The decision that the door takes on a call, as the handler gets it.
async fn decision(scena: &DoorScene, rpc: &str) -> Abilitazione {
    let esito = scena
        .knock(
            &format!("/{}", omnia::contract::proto::path_of(rpc)),
            Some(&scena.token("tutto")),
        )
        .await;
    esito.reached.unwrap().abilitazione.unwrap()
}

/// The combination `bits` of the five filters.
fn filtro(c: &PlanSample, bits: u32, criterio: i32) -> FiltroDecreti {
    let text = |bit: u32, value: &str| {
        if bits & (1 << bit) == 0 {
            String::new()
        } else {
            value.to_owned()
        }
    };
    let periodo = (bits & (1 << 2) != 0).then(|| proto::Periodo {
        dal: c.dal.clone(),
        al: c.al.clone(),
        criterio,
    });
    let filtro = proto::FiltroDecreti {
        codifica_sistema_unico: text(0, &c.codifica),
        numero_decreto: text(1, &c.numero),
        periodo,
        cf_azienda: text(3, &c.cf),
        matricola_azienda: text(4, &c.matricola),
    };
    let mut violations = Violations::default();
    let parsed = FiltroDecreti::parse(&mut violations, &c.normativa, Some(filtro));
    violations.finish().unwrap();
    parsed.unwrap()
}

async fn query_plan(pool: &PgPool, mut statement: QueryBuilder<Postgres>) -> Value {
    let mut query = statement.build();
    let arguments = query.take_arguments().unwrap().unwrap();
    let explain = format!("explain (format json) {}", query.sql().as_str());
    let plan: sqlx::types::Json<Value> = sqlx::query_scalar_with(AssertSqlSafe(explain), arguments)
        .fetch_one(pool)
        .await
        .unwrap();
    plan.0
}

/// All the values of a key in a plan, from the top.
fn all_of<'a>(plan: &'a Value, key: &str) -> Vec<&'a str> {
    match plan {
        Value::Array(list) => list.iter().flat_map(|plan| all_of(plan, key)).collect(),
        Value::Object(fields) => {
            let own = fields.get(key).and_then(Value::as_str);
            let below = ["Plan", "Plans"]
                .iter()
                .filter_map(|name| fields.get(*name));
            own.into_iter()
                .chain(below.flat_map(|plan| all_of(plan, key)))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Which indexes lead straight to the rows of a combination of filters.
fn good_indexes(what: &str, bits: u32) -> &'static [&'static str] {
    let has = |bit: u32| bits & (1 << bit) != 0;
    match () {
        () if has(3) && has(4) => &["dettaglio_decreto_cf", "dettaglio_decreto_matricola"],
        () if has(4) => &["dettaglio_decreto_matricola"],
        () if has(3) => &["dettaglio_decreto_cf"],
        () if has(1) => &["dettaglio_decreto_numero"],
        () if has(0) => &["dettaglio_decreto_codifica"],
        // The norm in reading order is in one index only; to add the norm up, every one that begins with it will do.
        () if what == "page" => &["dettaglio_decreto_ordine"],
        () => &[
            "dettaglio_decreto_ordine",
            "dettaglio_decreto_numero",
            "dettaglio_decreto_codifica",
        ],
    }
}

#[tokio::test]
async fn every_combination_of_filters_uses_an_index() {
    let scena = scene().await;
    load_volume(&scena.db.owner).await;
    scena
        .grant(&new_request(
            "tutto",
            "mlps-ammortizzatori",
            "2026-01-01",
            "2026-12-31",
        ))
        .await;
    assert_eq!(clock(NOW).today().to_string(), "2026-11-23");
    let pool = &scena.db.serving;
    let campioni = samples(&scena.db.owner).await;
    assert!(campioni[0].righe > 5 * campioni[1].righe, "{campioni:?}");
    let list = decision(&scena, "DecreeService/ListDecrees").await;
    let count = decision(&scena, "DecreeService/CountDecrees").await;
    let mut wrong = Vec::new();
    for c in &campioni {
        let dopo = Cursor {
            data_decreto: c.data,
            numero_decreto: c.numero.clone(),
            id: c.id,
        };
        for (bits, criterio) in (0..32).flat_map(|bits| [(bits, 1), (bits, 2)]) {
            let lettura = |chi: &Abilitazione| {
                let permesso = chi.permit(filtro(c, bits, criterio)).unwrap();
                DetailReader::new(pool.clone(), permesso, 2)
            };
            let mut statements = vec![("totals", lettura(&count).totali_statement())];
            for limite in [1, 101, 2_000] {
                for dopo in [None, Some(&dopo)] {
                    statements.push(("page", lettura(&list).page_statement(dopo, limite)));
                }
            }
            for (what, statement) in statements {
                let sql = statement.sql().as_str().to_owned();
                let plan = query_plan(pool, statement).await;
                let nodes = all_of(&plan, "Node Type");
                let indexes = all_of(&plan, "Index Name");
                let straight =
                    matches!(indexes[..], [one] if good_indexes(what, bits).contains(&one));
                let scan = nodes.contains(&"Seq Scan") || all_of(&plan, "Index Cond").is_empty();
                let sort = what == "page" && nodes.iter().any(|node| node.contains("Sort"));
                if !straight || scan || sort {
                    wrong.push(format!("{} rows: {nodes:?} {indexes:?} for {sql}", c.righe));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} plans:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
