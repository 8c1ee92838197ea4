//! A block: a lotto that is encoded before anybody asks for it, and stored.
//!
//! ```
//! use omnia::lotto::{blocco::Costruttore, pagina::Chiave, riga::{Riga, Righe}};
//!
//! let mut costruttore = Costruttore::default();
//! let riga = Riga { cf_azienda: "RCCMNL83S18D969H", data_decreto: "2023-03-01", validita_dal: "2023-01-01",
//!     validita_al: "2023-12-31", numero_decreto: "1", ..Riga::default() };
//! costruttore.aggiungi(Chiave { data_decreto: "2023-03-01", numero_decreto: "1", id: 1 }, &riga, true)?;
//! let blocco = costruttore.chiudi()?.unwrap();
//!
//! let masked = blocco.codifica.espandi(None)?;
//! assert_eq!(Righe::new(&masked).next().unwrap()?.cf_azienda, "****************");
//! let clear = blocco.codifica.espandi(Some(&blocco.persone))?;
//! assert_eq!(Righe::new(&clear).next().unwrap()?, riga);
//! # Ok::<(), omnia::lotto::riga::RigaError>(())
//! ```
//!
//! **Masked, and the persons beside.** The stored rows have natural persons masked; their codes stand in a list of their own,
//! each with the place where it belongs ([`super::persone`]). A caller who may see the persons gets the same
//! bytes with the codes written over the masks, and for one who may not the codes do not leave Postgres. Two copies of
//! every row would say the same at twice the room.
//!
//! **Compressed by LZ4.** Rows repeat themselves: 47 bytes each instead of 110. zstd makes 28 bytes of it, and takes several times
//! as long to expand them (`benches/README.md`). Expanding is the greatest single cost of an export, so lz4_flex does it by
//! pointers; each of them is checked (`checked-decode`), and bytes that are not a block's are an error.

use std::{collections::BTreeMap, mem};

use chrono::NaiveDate;

use super::{
    pagina::Chiave,
    persone::{self, MASCHERA, accorcia, scopri},
    posizione::Posizione,
    riga::{Riga, RigaError},
    somme::Somme,
};

/// Rows in a block, unless the settings say otherwise: half a megabyte, far below the 4 MiB that gRPC clients take.
pub const RIGHE_PER_BLOCCO: u32 = 4000;
/// The bytes of a block's rows, compressed, natural persons masked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Codifica {
    /// Length of the rows.
    pub byte: usize,
    /// The rows, by LZ4.
    pub lotto: Vec<u8>,
}

/// What a block holds, for whoever looks for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contenuto {
    /// First and last `validita_dal`.
    pub validita_dal: [NaiveDate; 2],
    /// First and last `validita_al`.
    pub validita_al: [NaiveDate; 2],
    /// Rows of each benefit.
    pub prestazioni: BTreeMap<String, i32>,
    /// Rows of each codifica.
    pub codifiche: BTreeMap<String, i32>,
}

/// A run of rows of one norm, in reading order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocco {
    /// Over its rows.
    pub somme: Somme,
    /// The key of the first row.
    pub prima: Posizione,
    /// The key of the last row.
    pub ultima: Posizione,
    /// What is in it.
    pub contenuto: Contenuto,
    /// The rows.
    pub codifica: Codifica,
    /// The natural persons that are masked in the rows, and where.
    pub persone: Vec<u8>,
}

impl Codifica {
    /// The rows as they are sent; with the natural persons in clear where these are given.
    ///
    /// # Errors
    /// The bytes are not those of a block.
    pub fn espandi(&self, persone: Option<&[u8]>) -> Result<Vec<u8>, RigaError> {
        espandi(&self.lotto, self.byte, persone)
    }
}

/// As [`Codifica::espandi`], of bytes that are borrowed.
///
/// # Errors
/// The bytes are not those of a block.
pub fn espandi(lotto: &[u8], byte: usize, persone: Option<&[u8]>) -> Result<Vec<u8>, RigaError> {
    let mut righe = lz4_flex::block::decompress(lotto, byte).map_err(|_| RigaError)?;
    if righe.len() != byte {
        return Err(RigaError);
    }
    let provisional = scopri(&mut righe, persone.unwrap_or_default())?;
    if !provisional.is_empty() {
        accorcia(&mut righe, &provisional)?;
    }
    Ok(righe)
}

/// Makes blocks of rows that come in reading order, in clear.
#[derive(Debug, Default)]
pub struct Costruttore {
    somme: Somme,
    prima: Option<Posizione>,
    /// Its texts are written over, row after row.
    ultima: (String, String, i64),
    validita_dal: Estremi,
    validita_al: Estremi,
    prestazioni: BTreeMap<String, i32>,
    codifiche: BTreeMap<String, i32>,
    byte: Vec<u8>,
    persone: Vec<u8>,
}

impl Costruttore {
    /// Adds a row; `persona`: its employer is a natural person.
    ///
    /// # Errors
    /// A value that is not of its column.
    pub fn aggiungi(
        &mut self,
        chiave: Chiave<'_>,
        riga: &Riga<'_>,
        persona: bool,
    ) -> Result<(), RigaError> {
        self.somme.aggiungi(riga)?;
        if self.prima.is_none() {
            self.prima = Some(chiave.posizione()?);
        }
        chiave.data_decreto.clone_into(&mut self.ultima.0);
        chiave.numero_decreto.clone_into(&mut self.ultima.1);
        self.ultima.2 = chiave.id;
        self.validita_dal.aggiungi(riga.validita_dal);
        self.validita_al.aggiungi(riga.validita_al);
        conta(&mut self.prestazioni, riga.prestazione);
        conta(&mut self.codifiche, riga.codifica_sistema_unico);
        if persona {
            let masked = Riga {
                cf_azienda: MASCHERA,
                ..*riga
            };
            let begin = self.byte.len();
            let place = masked.scrivi(&mut self.byte);
            let from = u32::try_from(place).map_err(|_| RigaError)?;
            persone::aggiungi(&mut self.persone, from, riga.cf_azienda, place - begin)?;
        } else {
            riga.scrivi(&mut self.byte);
        }
        Ok(())
    }

    /// The block of the rows so far, and from here on another one. `None`: there are none.
    ///
    /// # Errors
    /// A day that is none.
    pub fn chiudi(&mut self) -> Result<Option<Blocco>, RigaError> {
        let fatto = mem::take(self);
        let Some(prima) = fatto.prima else {
            return Ok(None);
        };
        let (data_decreto, numero_decreto, id) = &fatto.ultima;
        let ultima = Chiave {
            data_decreto,
            numero_decreto,
            id: *id,
        };
        Ok(Some(Blocco {
            somme: fatto.somme,
            prima,
            ultima: ultima.posizione()?,
            contenuto: Contenuto {
                validita_dal: fatto.validita_dal.giorni()?,
                validita_al: fatto.validita_al.giorni()?,
                prestazioni: fatto.prestazioni,
                codifiche: fatto.codifiche,
            },
            codifica: Codifica {
                byte: fatto.byte.len(),
                lotto: lz4_flex::block::compress(&fatto.byte),
            },
            persone: fatto.persone,
        }))
    }
}

/// The first and the last day so far. ISO texts compare as their days.
#[derive(Debug, Default)]
struct Estremi(Option<[String; 2]>);

impl Estremi {
    fn aggiungi(&mut self, giorno: &str) {
        match &mut self.0 {
            None => self.0 = Some([giorno.to_owned(), giorno.to_owned()]),
            Some([primo, _]) if giorno < primo.as_str() => giorno.clone_into(primo),
            Some([_, ultimo]) if giorno > ultimo.as_str() => giorno.clone_into(ultimo),
            Some(_) => {}
        }
    }

    fn giorni(&self) -> Result<[NaiveDate; 2], RigaError> {
        let [primo, ultimo] = self.0.as_ref().ok_or(RigaError)?;
        let giorno = |text: &str| text.parse().map_err(|_| RigaError);
        Ok([giorno(primo)?, giorno(ultimo)?])
    }
}

fn conta(righe: &mut BTreeMap<String, i32>, codice: &str) {
    match righe.get_mut(codice) {
        Some(righe) => *righe += 1,
        None => drop(righe.insert(codice.to_owned(), 1)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::blocks::riga::Righe;

    const PERSONA: &str = "RCCMNL83S18D969H";
    /// A provisional code.
    const PROVVISORIO: &str = "90012340010";

    fn riga<'a>(cf_azienda: &'a str, importi_erogati: &'a str) -> Riga<'a> {
        Riga {
            prestazione: "CIGS",
            codifica_sistema_unico: "333-145",
            numero_decreto: "145/2023",
            data_decreto: "2023-03-01",
            validita_dal: "2023-01-01",
            validita_al: "2023-12-31",
            cf_azienda,
            importi_erogati,
            ..Riga::default()
        }
    }

    fn blocco(righe: &[Riga<'_>]) -> Blocco {
        let mut costruttore = Costruttore::default();
        for (id, riga) in (1..).zip(righe) {
            let chiave = Chiave {
                data_decreto: riga.data_decreto,
                numero_decreto: riga.numero_decreto,
                id,
            };
            let persona = riga.cf_azienda.len() == 16 || riga.cf_azienda.starts_with('9');
            costruttore.aggiungi(chiave, riga, persona).unwrap();
        }
        let blocco = costruttore.chiudi().unwrap().unwrap();
        assert_eq!(costruttore.chiudi().unwrap(), None);
        blocco
    }

    proptest! {
        #[test]
        fn clear_and_masked(
            codes in prop::collection::vec(
                (prop::sample::select(&["00743110157", PERSONA, "RCCMNL83S18D9S9T", PROVVISORIO][..]), 0..40_usize),
                1..50,
            ),
        ) {
            // Rows on both sides of the length that takes two bytes.
            let numeri = "7".repeat(40);
            let righe: Vec<Riga> = codes
                .iter()
                .map(|(cf, len)| Riga { matricola_azienda: &numeri[..*len], ..riga(cf, "1.05") })
                .collect();
            let blocco = blocco(&righe);
            let (mut clear, mut masked) = (Vec::new(), Vec::new());
            for riga in &righe {
                riga.scrivi(&mut clear);
                let persona = riga.cf_azienda.len() == 16 || riga.cf_azienda == PROVVISORIO;
                let cf_azienda = if persona { MASCHERA } else { riga.cf_azienda };
                Riga { cf_azienda, ..*riga }.scrivi(&mut masked);
            }
            prop_assert_eq!(blocco.codifica.espandi(Some(&blocco.persone)).unwrap(), clear);
            prop_assert_eq!(blocco.codifica.espandi(None).unwrap(), masked);
            prop_assert_eq!(blocco.somme.righe, i64::try_from(righe.len()).unwrap());
            prop_assert_eq!(blocco.somme.importi_erogati, 105 * i128::from(blocco.somme.righe));
        }
    }

    #[test]
    fn what_is_in_it() {
        let later = Riga {
            validita_dal: "2022-12-31",
            validita_al: "2024-02-29",
            codifica_sistema_unico: "712-001",
            data_decreto: "2023-03-02",
            ..riga(PERSONA, "0.00")
        };
        let blocco = blocco(&[riga(PERSONA, "0.00"), riga("00743110157", "0.00"), later]);
        let contenuto = &blocco.contenuto;
        let days = contenuto.validita_dal.map(|d| d.to_string());
        assert_eq!(days, ["2022-12-31", "2023-01-01"]);
        let days = contenuto.validita_al.map(|d| d.to_string());
        assert_eq!(days, ["2023-12-31", "2024-02-29"]);
        assert_eq!(contenuto.codifiche["333-145"], 2);
        assert_eq!(contenuto.prestazioni["CIGS"], 3);
        assert_eq!((blocco.prima.id, blocco.ultima.id), (1, 3));
        assert_eq!(blocco.ultima.data_decreto.to_string(), "2023-03-02");
        let rows = blocco.codifica.espandi(None).unwrap();
        assert_eq!(Righe::new(&rows).count(), 3);
    }

    #[test]
    fn what_is_not_a_block_is_an_error() {
        let blocco = blocco(&[riga(PERSONA, "1.00"), riga("00743110157", "2.00")]);
        let Codifica { byte, lotto } = &blocco.codifica;
        assert!(espandi(lotto, byte + 1, None).is_err());
        assert!(espandi(lotto, byte - 1, None).is_err());
        assert!(espandi(&lotto[..lotto.len() - 1], *byte, None).is_err());
        let persone = &blocco.persone;
        assert!(espandi(lotto, *byte, Some(&persone[..19])).is_err());
        // A code that would be written over something else than a mask.
        let mut moved = persone.clone();
        moved[0] += 1;
        assert!(espandi(lotto, *byte, Some(&moved)).is_err());
        moved[3] = 0xff;
        assert!(espandi(lotto, *byte, Some(&moved)).is_err());
    }

    #[test]
    fn a_provisional_code_that_is_not_where_it_says_is_an_error() {
        let blocco = blocco(&[riga(PERSONA, "1.00"), riga(PROVVISORIO, "2.00")]);
        let Codifica { byte, lotto } = &blocco.codifica;
        let persone = &blocco.persone;
        assert!(espandi(lotto, *byte, Some(persone)).is_ok());
        // Its row begins elsewhere: in the middle of it, before it, before everything.
        for inizio in [0, 1, 2, 3, 1000, u16::MAX] {
            let mut moved = persone.clone();
            moved[36..38].copy_from_slice(&u16::to_le_bytes(inizio));
            assert!(espandi(lotto, *byte, Some(&moved)).is_err(), "{inizio}");
        }
        // The same place twice.
        let twice = [&persone[20..], &persone[20..]].concat();
        assert!(espandi(lotto, *byte, Some(&twice)).is_err());
    }
}
