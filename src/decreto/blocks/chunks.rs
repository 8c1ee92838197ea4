//! The bytes of a block, put together from their pieces; and whether they are those that were stored.

use futures_util::TryStreamExt as _;
use sqlx::Row as _;

use super::{
    block_meta::{BlockMeta, damaged},
    block_range::BlockSeries,
};
use crate::{
    blocks::{arrow::stored_batch, block::expand, checksum, persons::person_count},
    decreto::query::DetailReader,
    error::{Error, Result},
};

/// What is read of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChunkKind {
    /// The rows.
    Rows,
    /// The record batch.
    Batch,
}

/// The bytes as they are stored.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    /// Of a batch: the first piece, the header of its message.
    pub(super) header: Vec<u8>,
    /// By LZ4, natural persons masked.
    intero: Vec<u8>,
    /// These persons, for who sees them.
    persone: Option<Vec<u8>>,
}

impl ChunkKind {
    /// The names of the pieces: what it is, and its natural persons.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Rows => ("lotto", "lotto_persone"),
            Self::Batch => ("batch", "batch_persone"),
        }
    }
}

impl DetailReader {
    /// The pieces of a block, which are those that were stored; `None`: it is gone.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: they are others. The database's.
    pub(super) async fn chunks(
        &self,
        serie: BlockSeries,
        voce: &BlockMeta,
        cosa: ChunkKind,
    ) -> Result<Option<Chunks>> {
        let (prima, persone) = cosa.names();
        // Who sees natural persons masked gets them masked from here on.
        let in_chiaro = self.may_see("cf_azienda.persona_fisica");
        let query = sqlx::query(
            "select cosa = $3, byte from pezzo
             where serie = $1 and posto = $2 and cosa >= $3 and cosa <= $4
             order by cosa, numero",
        )
        .bind(serie.id)
        .bind(voce.index)
        .bind(prima)
        .bind(if in_chiaro { persone } else { prima });
        let mut rows = query.fetch(self.pool());
        let mut pezzi = Chunks {
            // LZ4 makes less than half of them: no copying while it grows.
            intero: Vec::with_capacity(voce.rows_len / 2),
            persone: in_chiaro.then(Vec::new),
            ..Chunks::default()
        };
        let mut first = true;
        while let Some(row) = rows.try_next().await? {
            let byte: &[u8] = row.try_get(1)?;
            match &mut pezzi.persone {
                Some(persone) if !row.try_get::<bool, _>(0)? => persone.extend_from_slice(byte),
                _ if first && cosa == ChunkKind::Batch => byte.clone_into(&mut pezzi.header),
                _ => pezzi.intero.extend_from_slice(byte),
            }
            first = false;
        }
        if first {
            return Ok(None);
        }
        match self.differs(serie, voce, cosa, &pezzi) {
            None => Ok(Some(pezzi)),
            Some(name) => {
                let what = format!(
                    "the {name} of the block at place {} is not what was stored",
                    voce.index
                );
                Err(damaged(self, serie, what))
            }
        }
    }

    /// What is not as it was stored.
    fn differs(
        &self,
        serie: BlockSeries,
        voce: &BlockMeta,
        cosa: ChunkKind,
        pezzi: &Chunks,
    ) -> Option<&'static str> {
        let (place, (name, persone)) = (self.place(serie, voce.index), cosa.names());
        let (whole, of_persons) = match cosa {
            ChunkKind::Rows => (
                checksum::pieces(place, name, &pezzi.intero) == voce.checksums.rows,
                voce.checksums.rows_persons,
            ),
            ChunkKind::Batch => (
                checksum::batch(place, &pezzi.header, &pezzi.intero) == voce.checksums.batch,
                voce.checksums.batch_persons,
            ),
        };
        if !whole {
            return Some(name);
        }
        let read = pezzi.persone.as_deref()?;
        (checksum::pieces(place, persone, read) != of_persons).then_some(persone)
    }
}

impl Chunks {
    /// The bytes as they are sent. They are so many, with so many natural persons.
    ///
    /// # Errors
    /// They are not.
    pub(super) fn expand(&self, byte: usize, mascherate: usize) -> Result<Vec<u8>> {
        let persone = self.all_persons(mascherate)?;
        Ok(expand(&self.intero, byte, persone)?)
    }

    /// The same of a record batch.
    ///
    /// # Errors
    /// Likewise.
    pub(super) fn expand_batch(&self, byte: usize, mascherate: usize) -> Result<Vec<u8>> {
        let persone = self.all_persons(mascherate)?;
        stored_batch::expand(&self.header, &self.intero, byte, persone)
    }

    /// The natural persons, where they are to be seen.
    fn all_persons(&self, mascherate: usize) -> Result<Option<&[u8]>> {
        let persone = self.persone.as_deref();
        if persone.is_some_and(|persone| person_count(persone) != mascherate) {
            return Err(Error::internal(
                "a block has another number of natural persons than it says",
            ));
        }
        Ok(persone)
    }
}
