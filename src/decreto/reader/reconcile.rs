//! What a reading gave, against what the load noted.
//!
//! A norm that is read whole, from the first row to the last and without filters, has to come to its control totals
//! ([`crate::rilevazione::control`]), be it read from blocks or from rows. With filters there is nothing noted to compare with: rows are
//! the truth themselves, and of blocks all are checked before one is read (`super::block_range`).

use crate::{
    abilitazione::CallSelection as _,
    blocks::sums::ControlSums,
    contract::column::Column,
    decreto::query::DetailReader,
    error::{Error, Result},
    rilevazione::control::{self, Noted},
};

impl DetailReader {
    /// What the load noted of the norm, by benefit: of all of them, whatever the scope. Read once.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn noted(&self) -> Result<&[Noted]> {
        let read = || async {
            let normativa = self.selection().normativa.as_str();
            control::noted(self.pool(), self.rilevazione(), Some(normativa)).await
        };
        Ok(self.noted_once().get_or_try_init(read).await?)
    }

    /// Whether a reading that begins at the first row is of the norm whole, but for benefits that are out of scope.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.end().is_none() && self.selection().filtri().is_empty()
    }

    /// Compares what was read of a norm that was read whole.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: it is not what the load noted. The database's.
    pub async fn reconcile(&self, read: &ControlSums) -> Result<()> {
        let in_scope = self.permesso().ambito().prestazioni().texts();
        let mut noted = ControlSums::default();
        for one in self.noted().await? {
            let seen = |codes: &Vec<String>| codes.contains(&one.prestazione);
            if in_scope.as_ref().is_none_or(seen) {
                noted += one.sums;
            }
        }
        let same = |column, read: i128, noted: i128| !self.may_see(column) || read == noted;
        if read.righe == noted.righe
            && same(
                Column::OreDecretate,
                read.ore_decretate,
                noted.ore_decretate,
            )
            && same(
                Column::ImportiAutorizzati,
                read.importi_autorizzati,
                noted.importi_autorizzati,
            )
            && same(
                Column::ImportiErogati,
                read.importi_erogati,
                noted.importi_erogati,
            )
        {
            return Ok(());
        }
        let (normativa, rilevazione) = (&self.selection().normativa, self.rilevazione());
        Err(Error::damaged(format!(
            "of {normativa} in rilevazione {rilevazione} were read {read}, and its load noted {noted}"
        )))
    }
}
