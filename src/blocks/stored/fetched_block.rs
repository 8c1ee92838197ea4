//! The bytes of a block, put together from their pieces; and whether they are those that were stored.

use futures_util::TryStreamExt as _;
use sqlx::{PgPool, Row as _};

use super::{block_meta::BlockMeta, series_row::BlockSeries};
use crate::{
    blocks::{
        arrow::{ipc::IpcMessage, stored_batch},
        block, checksum,
        persons::person_count,
    },
    error::{Error, Result},
};

/// What is read of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockForm {
    /// The rows.
    Rows,
    /// The record batch.
    Batch,
}

/// A block and its bytes, which are those that were stored.
#[derive(Debug)]
pub struct FetchedBlock {
    /// What its row says.
    pub meta: BlockMeta,
    /// Of a batch: the first piece, the header of its message.
    header: Vec<u8>,
    /// By LZ4, natural persons masked.
    bytes: Vec<u8>,
    /// These persons, where they are to be seen.
    persons: Option<Vec<u8>>,
}

impl BlockForm {
    /// The names of the pieces: what it is, and its natural persons.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Rows => ("lotto", "lotto_persone"),
            Self::Batch => ("batch", "batch_persone"),
        }
    }
}

impl BlockSeries {
    /// Reads a block; `None`: the series is gone. `clear`: with its natural persons. Without, their codes do not leave the database.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: other bytes than were stored, or none. The database's.
    pub async fn fetch(
        &self,
        pool: &PgPool,
        meta: BlockMeta,
        form: BlockForm,
        clear: bool,
    ) -> Result<Option<FetchedBlock>> {
        let (name, persons) = form.names();
        let mut block = FetchedBlock {
            header: Vec::new(),
            // LZ4 makes less than half of them: no copying while it grows.
            bytes: Vec::with_capacity(meta.rows_len / 2),
            persons: clear.then(Vec::new),
            meta,
        };
        let mut first = true;
        {
            let mut rows = sqlx::query(
                "select cosa = $3, byte from pezzo
             where serie = $1 and posto = $2 and cosa >= $3 and cosa <= $4
             order by cosa, numero",
            )
            .bind(self.id)
            .bind(block.meta.index)
            .bind(name)
            .bind(if clear { persons } else { name })
            .fetch(pool);
            while let Some(row) = rows.try_next().await? {
                let piece: &[u8] = row.try_get(1)?;
                match &mut block.persons {
                    Some(persons) if !row.try_get::<bool, _>(0)? => {
                        persons.extend_from_slice(piece);
                    }
                    _ if first && form == BlockForm::Batch => piece.clone_into(&mut block.header),
                    _ => block.bytes.extend_from_slice(piece),
                }
                first = false;
            }
        }
        if first {
            return match self.exists(pool).await? {
                true => Err(self.damaged("one of its blocks has none of its pieces")),
                false => Ok(None),
            };
        }
        match self.differs(&block, form) {
            None => Ok(Some(block)),
            Some(name) => Err(self.damaged(format_args!(
                "the {name} of the block at place {} is not what was stored",
                block.meta.index
            ))),
        }
    }

    /// The name of what is not as it was stored.
    fn differs(&self, block: &FetchedBlock, form: BlockForm) -> Option<&'static str> {
        let (name, name_of_persons) = form.names();
        let (place, checksums) = (self.place(block.meta.index), &block.meta.checksums);
        let (whole, of_persons) = match form {
            BlockForm::Rows => (
                checksum::pieces(place, name, &block.bytes) == checksums.rows,
                checksums.rows_persons,
            ),
            BlockForm::Batch => (
                checksum::batch(place, &block.header, &block.bytes) == checksums.batch,
                checksums.batch_persons,
            ),
        };
        if !whole {
            return Some(name);
        }
        let persons = block.persons.as_deref()?;
        (checksum::pieces(place, name_of_persons, persons) != of_persons).then_some(name_of_persons)
    }
}

impl FetchedBlock {
    /// The rows as they are sent, if [`BlockForm::Rows`] were read.
    ///
    /// # Errors
    /// They are not as many bytes, or natural persons, as the row of the block says.
    pub fn rows(&self) -> Result<Vec<u8>> {
        Ok(block::expand(
            &self.bytes,
            self.meta.rows_len,
            self.all_persons()?,
        )?)
    }

    /// The record batch as it is sent, if a [`BlockForm::Batch`] was read.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn batch(self) -> Result<IpcMessage> {
        let persons = self.all_persons()?;
        let body = stored_batch::expand(&self.header, &self.bytes, self.meta.batch_len, persons)?;
        Ok(IpcMessage {
            header: self.header,
            body,
        })
    }

    /// The natural persons, where they are to be seen.
    fn all_persons(&self) -> Result<Option<&[u8]>> {
        let persons = self.persons.as_deref();
        if persons.is_some_and(|persons| person_count(persons) != self.meta.masked) {
            return Err(Error::internal(
                "a block has another number of natural persons than it says",
            ));
        }
        Ok(persons)
    }
}
