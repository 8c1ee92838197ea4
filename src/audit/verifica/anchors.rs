//! The chain of anchors, and the days that cannot be.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::{
    super::{
        acknowledge::{Acknowledgement, Last},
        ancora::Ancora,
        catena::{Impronta, Testa},
        potatura::Fatta,
    },
    Difformita, Verifica, acknowledged,
};

/// An anchor as it stands in the table.
pub(super) struct Vista {
    pub(super) numero: i64,
    pub(super) giorno: String,
    pub(super) impronta: Impronta,
    pub(super) teste: BTreeMap<i64, Testa>,
    pub(super) potature: Vec<Fatta>,
    pub(super) acknowledged: Option<Last>,
}

/// An anchor that is dated after the one that follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockFault {
    /// The anchor.
    pub ancora: i64,
    /// Its day.
    pub giorno: String,
    /// The anchor after it.
    pub successiva: i64,
    /// That one's day.
    pub giorno_successiva: String,
    /// That one's impronta.
    pub impronta: Impronta,
    /// Who said that it was no more than a clock.
    pub acknowledged: Option<Acknowledgement>,
}

/// The clock faults of a log, each with its acknowledgement.
///
/// # Errors
/// The database's.
pub async fn clock_faults(connection: &mut PgConnection) -> Result<Vec<ClockFault>, sqlx::Error> {
    let mut esito = Verifica::default();
    let ancore = read(connection, &mut esito, None).await?;
    let known = acknowledged::read(connection, &mut esito).await?;
    Ok(faults(&ancore, &known))
}

/// Reads the anchors, and tells of those that are not as they were written.
pub(super) async fn read(
    connection: &mut PgConnection,
    esito: &mut Verifica,
    nota: Option<Impronta>,
) -> Result<Vec<Vista>, sqlx::Error> {
    let rows: Vec<(i64, NaiveDate, String, Vec<u8>)> =
        sqlx::query_as("select numero, giorno, ancora, impronta from audit_ancora order by numero")
            .fetch_all(connection)
            .await?;
    let mut before = Impronta::default();
    let mut found = nota.is_none();
    let mut viste: Vec<Vista> = Vec::new();
    for (expected, (numero, giorno, testo, impronta)) in (1..).zip(rows) {
        let dove = format!("ancora {expected}");
        let stored = Impronta::from_slice(&impronta).unwrap_or_default();
        if numero != expected {
            esito.nota(&dove, "is missing");
        } else if before.dopo(&testo) != stored {
            esito.nota(&dove, "was changed, or the one before it was");
        }
        before = stored;
        found |= nota == Some(stored);
        esito.ancore += 1;
        match serde_json::from_str::<Ancora>(&testo) {
            Ok(ancora) if ancora.numero == numero => {
                if ancora.giorno != giorno.to_string() {
                    esito.nota(&dove, "its column giorno was changed");
                }
                viste.push(Vista::new(ancora, stored));
            }
            _ => esito.nota(&dove, "is not the text of this anchor"),
        }
    }
    if !found {
        esito.nota(
            "ancore",
            "none has the impronta that was given: the log was rewritten, or it is of another log",
        );
    }
    Ok(viste)
}

/// Those that are dated after their follower.
pub(super) fn faults(ancore: &[Vista], known: &[Acknowledgement]) -> Vec<ClockFault> {
    let pairs = ancore.windows(2).filter_map(|pair| match pair {
        [ancora, next] if ancora.giorno > next.giorno => Some((ancora, next)),
        _ => None,
    });
    let fault = |(ancora, next): (&Vista, &Vista)| ClockFault {
        ancora: ancora.numero,
        giorno: ancora.giorno.clone(),
        successiva: next.numero,
        giorno_successiva: next.giorno.clone(),
        impronta: next.impronta,
        acknowledged: known
            .iter()
            .find(|a| a.ancora == ancora.numero && a.impronta == next.impronta.to_string())
            .cloned(),
    };
    pairs.map(fault).collect()
}

impl ClockFault {
    pub(super) fn difformita(&self) -> Difformita {
        Difformita {
            dove: format!("ancora {}", self.ancora),
            cosa: format!(
                "is dated {}, and the one after it {}: a clock was wrong, or it was added",
                self.giorno, self.giorno_successiva
            ),
        }
    }
}

impl Vista {
    fn new(ancora: Ancora, impronta: Impronta) -> Self {
        let teste = ancora
            .teste
            .iter()
            .filter_map(|t| Some((t.catena, t.testa()?)));
        Self {
            numero: ancora.numero,
            teste: teste.collect(),
            impronta,
            giorno: ancora.giorno,
            potature: ancora.potature,
            acknowledged: ancora.acknowledged,
        }
    }
}
