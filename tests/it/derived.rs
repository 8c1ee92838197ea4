//! A further derivation: all that it takes is here. A load makes it, `verify` compares it, `rebuild` makes it again.

use std::{collections::BTreeMap, future::ready};

use omnia::{
    app::derivations,
    clock::Clock,
    error::Result,
    rilevazione::{
        derived::{
            Compared, Defect, Derivation, DerivedDefect, MadeCounts, NormVersion, RowSink, Step,
            rebuild, verify,
        },
        detail::page::PageRow,
        row_sums::RowSums,
    },
};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::{
    export_stream::many_rows,
    model::{ModelExtract, NORMATIVE},
    server::load_deriving,
    test_bench,
};

/// How many decrees begin in each month.
#[derive(Debug)]
struct RowsByMonth;

type Months = BTreeMap<String, i64>;

struct RowsByMonthSink {
    version: NormVersion,
    months: Months,
}

impl Derivation for RowsByMonth {
    fn table(&self) -> &'static str {
        "righe_mese"
    }

    fn begin<'a>(
        &'a self,
        _conn: &'a mut PgConnection,
        version: &'a NormVersion,
    ) -> Step<'a, Option<Box<dyn RowSink>>> {
        let sink = RowsByMonthSink {
            version: version.clone(),
            months: Months::new(),
        };
        Box::pin(ready(Ok(Some(Box::new(sink) as Box<dyn RowSink>))))
    }
}

impl RowSink for RowsByMonthSink {
    fn page(&mut self, rows: &[PageRow<'_>]) -> Result<()> {
        for row in rows {
            let month = row.row.validita_dal[..7].to_owned();
            *self.months.entry(month).or_default() += 1;
        }
        Ok(())
    }

    fn keep<'a>(self: Box<Self>, conn: &'a mut PgConnection, sums: &'a RowSums) -> Step<'a, u64> {
        Box::pin(async move {
            assert_eq!(self.months.values().sum::<i64>(), sums.rows() as i64);
            let (mesi, righe): (Vec<String>, Vec<i64>) = self.months.into_iter().unzip();
            sqlx::query(
                "insert into righe_mese select $1, $2, $3, * from unnest($4::text[], $5::bigint[])",
            )
            .bind(&self.version.normativa)
            .bind(self.version.dal_rilevazione)
            .bind(self.version.al_rilevazione)
            .bind(mesi)
            .bind(righe)
            .execute(conn)
            .await?;
            Ok(0)
        })
    }

    fn compare<'a>(
        self: Box<Self>,
        conn: &'a mut PgConnection,
        _sums: &'a RowSums,
    ) -> Step<'a, Compared> {
        Box::pin(async move {
            let stored: Vec<(String, i64)> = sqlx::query_as(
                "select mese, righe from righe_mese
                 where normativa = $1 and dal_rilevazione = $2 and al_rilevazione = $3",
            )
            .bind(&self.version.normativa)
            .bind(self.version.dal_rilevazione)
            .bind(self.version.al_rilevazione)
            .fetch_all(conn)
            .await?;
            let same = Months::from_iter(stored) == self.months;
            let wrong = || Defect::new("the rows by month are not what the rows say");
            Ok((!same).then(wrong).into_iter().collect::<Vec<_>>().into())
        })
    }
}

fn with_months() -> Vec<Box<dyn Derivation>> {
    let mut all = derivations(50);
    all.push(Box::new(RowsByMonth));
    all
}

async fn load(owner: &PgPool, estratto: &ModelExtract, data: &str) {
    let clock = Clock::from_fn(|| "2026-11-23T09:00:00Z".parse().unwrap());
    load_deriving(owner, &clock, estratto, data, &with_months()).await;
}

/// All that is stored, and what the rows say.
async fn months(owner: &PgPool) -> [Vec<String>; 2] {
    let stored = "select (normativa, n, mese, righe)::text from righe_mese
         join generate_series(1, 3) n on n between dal_rilevazione and al_rilevazione order by 1";
    let rows = "select (normativa, n, to_char(validita_dal, 'YYYY-MM'), count(*))::text from dettaglio_decreto
         join generate_series(1, 3) n on n between dal_rilevazione and al_rilevazione
         group by normativa, n, to_char(validita_dal, 'YYYY-MM') order by 1";
    let mut all = Vec::new();
    for sql in [stored, rows] {
        all.push(sqlx::query_scalar(sql).fetch_all(owner).await.unwrap());
    }
    all.try_into().unwrap()
}

async fn found(owner: &PgPool) -> Vec<String> {
    let found = verify(owner, &with_months(), |_, _, _| ()).await.unwrap();
    found.iter().map(DerivedDefect::to_string).collect()
}

#[tokio::test]
async fn a_further_derivation_is_one_file() {
    let db = test_bench::database().await;
    let owner = &db.owner;
    sqlx::query(
        "create table righe_mese (normativa text, dal_rilevazione integer, al_rilevazione integer, mese text, righe bigint)",
    )
    .execute(owner)
    .await
    .unwrap();
    let mut estratto = many_rows(9000);
    load(owner, &estratto, "2026-09-30").await;
    estratto.rows.truncate(8000);
    load(owner, &estratto, "2026-10-31").await;
    // The same rows another day: the norm is not made anew.
    load(owner, &estratto, "2026-11-01").await;
    let [stored, rows] = months(owner).await;
    assert_eq!(stored, rows);
    assert!(stored.len() > 6, "{stored:?}");
    assert_eq!(found(owner).await, [""; 0]);

    let norm = NORMATIVE[0];
    let other = "are not what the rows say";
    for (harm, told) in [
        (
            "update righe_mese set righe = righe + 1 where dal_rilevazione = 2",
            format!("{norm} from rilevazione 2: the rows by month {other}"),
        ),
        (
            "delete from righe_mese where dal_rilevazione = 1 and mese = (select min(mese) from righe_mese)",
            format!("{norm} from rilevazione 1: the rows by month {other}"),
        ),
        (
            "insert into righe_mese select normativa, 3, al_rilevazione, mese, righe from righe_mese where dal_rilevazione = 2",
            format!(
                "{norm} from rilevazione 3: has rows of righe_mese that begin where its rows do not change"
            ),
        ),
        (
            "insert into righe_mese values ('ZZ', 1, 2147483647, '2023-01', 1)",
            "ZZ from rilevazione 1: has rows of righe_mese that begin where its rows do not change"
                .to_owned(),
        ),
    ] {
        sqlx::query(AssertSqlSafe(harm))
            .execute(owner)
            .await
            .unwrap();
        assert_eq!(found(owner).await, [told], "{harm}");
        let mut made = MadeCounts::default();
        let done = |_: &str, of_norm: MadeCounts| {
            made.blocks += of_norm.blocks;
            made.rows += of_norm.rows;
        };
        let left = rebuild(owner, &with_months(), &[], false, done).await;
        assert_eq!(left.unwrap(), [], "{harm}");
        assert_eq!((made.blocks, made.rows), (180 + 160, 17_000));
        assert_eq!(months(owner).await, [stored.clone(), rows.clone()]);
        assert_eq!(found(owner).await, [""; 0], "{harm}");
    }
}
