//! A block: a lotto that is encoded before anybody asks for it, and stored.
//!
//! ```
//! use omnia::lotto::{blocco::Costruttore, pagina::Chiave, riga::{Riga, Righe}};
//!
//! let mut costruttore = Costruttore::default();
//! let riga = Riga { cf_azienda: "RCCMNL83S18D969H", data_decreto: "2023-03-01", validita_dal: "2023-01-01",
//!     validita_al: "2023-12-31", numero_decreto: "1", ..Riga::default() };
//! costruttore.aggiungi(Chiave { data_decreto: "2023-03-01", numero_decreto: "1", id: 1 }, &riga)?;
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
//! each with the place where it belongs. A mask is as long as what it hides, so whoever may see the persons gets the same
//! bytes with the codes written over the masks, and for whoever may not the codes do not leave Postgres. Two copies of
//! every row would say the same at twice the room.
//!
//! **Compressed by LZ4.** Rows repeat themselves: 47 bytes each instead of 110. zstd makes 28 bytes of it, and takes several times
//! as long to expand them (`benches/README.md`). Expanding is the greatest single cost of an export, so lz4_flex does it by
//! pointers; each of them is checked (`checked-decode`), and bytes that are not a block's are an error.

use std::{collections::BTreeMap, mem};

use chrono::NaiveDate;

use super::{
    pagina::Chiave,
    posizione::Posizione,
    riga::{Riga, RigaError},
    somme::Somme,
};

/// Rows in a block, unless the settings say otherwise: half a megabyte, far below the 4 MiB that gRPC clients take.
pub const RIGHE_PER_BLOCCO: u32 = 4000;
/// What a natural person's code is masked with: as long as the code, the same for everyone.
pub const MASCHERA: &str = "****************";
/// The place (little-endian) and the code of a masked person.
const PERSONA_BYTES: usize = 4 + MASCHERA.len();

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

/// Adds a masked person to a list of them: the place of the mask and the code that it hides, which is as long.
pub(crate) fn aggiungi_persona(persone: &mut Vec<u8>, place: u32, codice: &str) {
    persone.extend_from_slice(&place.to_le_bytes());
    persone.extend_from_slice(codice.as_bytes());
}

/// How many persons a list has.
pub(crate) fn quante(persone: &[u8]) -> usize {
    persone.len() / PERSONA_BYTES
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
    let persone = persone.unwrap_or_default();
    if !persone.len().is_multiple_of(PERSONA_BYTES) {
        return Err(RigaError);
    }
    for persona in persone.chunks_exact(PERSONA_BYTES) {
        let (place, code) = persona.split_first_chunk().ok_or(RigaError)?;
        let from = usize::try_from(u32::from_le_bytes(*place)).map_err(|_| RigaError)?;
        let masked = righe
            .get_mut(from..from + MASCHERA.len())
            .ok_or(RigaError)?;
        if masked != MASCHERA.as_bytes() {
            return Err(RigaError);
        }
        masked.copy_from_slice(code);
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
    /// Adds a row.
    ///
    /// # Errors
    /// A value that is not of its column.
    pub fn aggiungi(&mut self, chiave: Chiave<'_>, riga: &Riga<'_>) -> Result<(), RigaError> {
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
        if riga.cf_azienda.len() == MASCHERA.len() {
            let masked = Riga {
                cf_azienda: MASCHERA,
                ..*riga
            };
            let place = u32::try_from(masked.scrivi(&mut self.byte)).map_err(|_| RigaError)?;
            aggiungi_persona(&mut self.persone, place, riga.cf_azienda);
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
    use crate::lotto::riga::Righe;

    const PERSONA: &str = "RCCMNL83S18D969H";

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
            costruttore.aggiungi(chiave, riga).unwrap();
        }
        let blocco = costruttore.chiudi().unwrap().unwrap();
        assert_eq!(costruttore.chiudi().unwrap(), None);
        blocco
    }

    proptest! {
        #[test]
        fn clear_and_masked(
            codes in prop::collection::vec(prop::sample::select(&["00743110157", PERSONA, "RCCMNL83S18D9S9T"][..]), 1..50),
        ) {
            let righe: Vec<Riga> = codes.iter().map(|cf| riga(cf, "1.05")).collect();
            let blocco = blocco(&righe);
            let (mut clear, mut masked) = (Vec::new(), Vec::new());
            for riga in &righe {
                riga.scrivi(&mut clear);
                let persona = riga.cf_azienda.len() == 16;
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
}
