//! What a scope leaves of the rows.

use omnia::{
    abilitazione::{Ambito, AmbitoCodes},
    valori::{CodiceNormativa, CodicePrestazione},
};

use crate::abilitazione::{everything, scene};

#[tokio::test]
async fn the_scope_cuts_the_rows() {
    let test_scene = scene().await;
    sqlx::raw_sql(
        "insert into normativa values ('A', ''), ('B', ''), ('C', '');
         insert into prestazione values ('CIGO', ''), ('CIGS', '');
         insert into stanziamento (normativa, prestazione, anno, importo, tipo, dal_rilevazione)
         select normativa, prestazione, 2026, 1, 'LIMITE', 1 from normativa, prestazione",
    )
    .execute(&test_scene.db.owner)
    .await
    .unwrap();
    let norms = |codes: &[&str]| {
        AmbitoCodes::only(
            codes
                .iter()
                .map(|code| CodiceNormativa::parse(code).unwrap()),
        )
        .unwrap()
    };
    let cigs = || AmbitoCodes::only([CodicePrestazione::parse("CIGS").unwrap()]).unwrap();
    for (ambito, expected) in [
        (everything(), "A/CIGO A/CIGS B/CIGO B/CIGS C/CIGO C/CIGS"),
        (
            Ambito::new(norms(&["B"]), AmbitoCodes::All),
            "B/CIGO B/CIGS",
        ),
        (Ambito::new(norms(&["C", "A"]), cigs()), "A/CIGS C/CIGS"),
        (Ambito::new(norms(&["Z"]), cigs()), ""),
    ] {
        let mut query = sqlx::QueryBuilder::new(
            "select normativa || '/' || prestazione from stanziamento where anno = 2026",
        );
        ambito.restrict(&mut query);
        query.push(" order by 1");
        let rows: Vec<String> = query
            .build_query_scalar()
            .fetch_all(&test_scene.db.serving)
            .await
            .unwrap();
        assert_eq!(rows.join(" "), expected, "{ambito:?}");
    }
}
