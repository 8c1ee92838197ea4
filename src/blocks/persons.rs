//! The natural persons of some rows, beside the rows in which they are masked.
//!
//! An entry is the place of a mask and the code that it hides. A code of sixteen characters is as long as the mask, so that it is
//! written over it. A provisional code has eleven digits: where it is put back the rest of the mask goes, and what says how long things
//! are changes. (A mask of eleven asterisks would spare that, and tell every caller who is masked by a provisional code.)
//!
//! ```text
//! place   16 bytes              mask at the place
//!    40   RCCMNL83S18D969H      ****************  →  RCCMNL83S18D969H
//!   170   90012340010 0 ↑100    ****************  →  90012340010           the row begins 100 bytes before
//! ```

use super::detail_row::write_shortened;
use crate::rilevazione::detail::row::DetailRowError;

/// What a natural person's code is masked with: as long as most codes are, the same for everyone.
pub const MASK: &str = "****************";
/// The place (little-endian) and the code of a masked person.
const ENTRY: usize = 4 + MASK.len();
/// Digits of a provisional code.
const PROVISIONAL: usize = 11;

/// A masked person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskedPerson<'a> {
    /// Where the mask is.
    pub place: usize,
    /// The code that it hides: sixteen bytes, or eleven.
    pub code: &'a [u8],
    /// Of a provisional code: how far before its place the row begins.
    pub from_row_start: usize,
}

/// Adds a person to a list. `inizio`: how far before the place its row begins, where that is of use.
///
/// # Errors
/// The code has another length than codes have; a row is longer than 65,535 bytes.
pub fn add(
    persons: &mut Vec<u8>,
    place: u32,
    codice: &str,
    inizio: usize,
) -> Result<(), DetailRowError> {
    let mut code = [0; MASK.len()];
    match codice.len() {
        PROVISIONAL => {
            code[..PROVISIONAL].copy_from_slice(codice.as_bytes());
            let inizio = u16::try_from(inizio).map_err(|_| DetailRowError)?;
            code[PROVISIONAL + 1..PROVISIONAL + 3].copy_from_slice(&inizio.to_le_bytes());
        }
        len if len == MASK.len() => code.copy_from_slice(codice.as_bytes()),
        _ => return Err(DetailRowError),
    }
    persons.extend_from_slice(&place.to_le_bytes());
    persons.extend_from_slice(&code);
    Ok(())
}

/// How many persons a list has.
#[must_use]
pub fn person_count(persons: &[u8]) -> usize {
    persons.len() / ENTRY
}

/// The persons of a list, in the order of their places.
///
/// # Errors
/// It is no such list.
pub fn read(persons: &[u8]) -> Result<impl Iterator<Item = MaskedPerson<'_>>, DetailRowError> {
    if !persons.len().is_multiple_of(ENTRY) {
        return Err(DetailRowError);
    }
    Ok(persons.chunks_exact(ENTRY).map(|entry| {
        let (place, code) = entry.split_at(4);
        let place = u32::from_le_bytes([place[0], place[1], place[2], place[3]]);
        let provisional = code[PROVISIONAL] == 0;
        let inizio = match provisional {
            true => u16::from_le_bytes([code[PROVISIONAL + 1], code[PROVISIONAL + 2]]),
            false => 0,
        };
        MaskedPerson {
            // A usize has 32 bits at least.
            place: place as usize,
            code: &code[..if provisional { PROVISIONAL } else { code.len() }],
            from_row_start: inizio.into(),
        }
    }))
}

/// Writes the codes of sixteen characters over their masks, and gives the others. Every mask must be one.
///
/// # Errors
/// It is not, or the list is none.
pub fn unmask<'a>(
    byte: &mut [u8],
    persons: &'a [u8],
) -> Result<Vec<MaskedPerson<'a>>, DetailRowError> {
    let mut provisional = Vec::new();
    for persona in read(persons)? {
        let masked = byte
            .get_mut(persona.place..)
            .and_then(|rest| rest.get_mut(..MASK.len()))
            .filter(|text| *text == MASK.as_bytes())
            .ok_or(DetailRowError)?;
        if persona.code.len() == MASK.len() {
            masked.copy_from_slice(persona.code);
        } else {
            provisional.push(persona);
        }
    }
    Ok(provisional)
}

/// Puts provisional codes back into rows ([`super::detail_row`]), which become shorter: the row's length and the text's are written anew, and
/// what is behind moves up.
///
/// # Errors
/// The places are not those of codes in rows, one after the other.
pub fn shorten(righe: &mut Vec<u8>, persons: &[MaskedPerson<'_>]) -> Result<(), DetailRowError> {
    let (mut read, mut write) = (0, 0);
    let mut head = Vec::new();
    for persona in persons {
        let start = persona
            .place
            .checked_sub(persona.from_row_start)
            .ok_or(DetailRowError)?;
        let row = righe.get(start..persona.place).ok_or(DetailRowError)?;
        if start < read {
            return Err(DetailRowError);
        }
        head.clear();
        write_shortened(row, MASK.len() - persona.code.len(), &mut head)?;
        head.extend_from_slice(persona.code);
        // Never more than was read: what is not read yet stays.
        righe.copy_within(read..start, write);
        write += start - read;
        let here = righe
            .get_mut(write..write + head.len())
            .ok_or(DetailRowError)?;
        here.copy_from_slice(&head);
        write += head.len();
        read = persona.place + MASK.len();
    }
    if read > righe.len() {
        return Err(DetailRowError);
    }
    righe.copy_within(read.., write);
    righe.truncate(righe.len() - (read - write));
    Ok(())
}
