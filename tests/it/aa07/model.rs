//! The life cycle as plain values, written from the picture and owing nothing to the program.

use std::collections::BTreeMap;

/// A state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModelState {
    Richiesta,
    Verificata,
    Attiva,
    Sospesa,
    Revocata,
    Rifiutata,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModelStep {
    Verifica,
    Approvazione,
    Sospensione,
    Riattivazione,
    Revoca,
}

/// What a person does. Days count from the first of the test; grants are named in the order of their recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModelMove {
    Record {
        soggetto: usize,
        dal: u64,
        al: u64,
        chi: usize,
        sostituisce: Option<usize>,
    },
    Step {
        quale: usize,
        azione: ModelStep,
        chi: usize,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModelGrant {
    pub(super) soggetto: usize,
    dal: u64,
    al: u64,
    recorder: usize,
    sostituisce: Option<usize>,
    pub(super) stato: ModelState,
    pub(super) steps: i32,
}

/// Everything that there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ModelRegister {
    pub(super) today: u64,
    pub(super) grants: Vec<ModelGrant>,
}

/// The last part of the name of a reason.
pub(super) type ModelRefusal = &'static str;

impl ModelRegister {
    pub(super) fn perform(&mut self, step: ModelMove) -> Result<ModelState, ModelRefusal> {
        match step {
            ModelMove::Record {
                soggetto,
                dal,
                al,
                chi,
                sostituisce,
            } => {
                let replaceable = |i: usize| {
                    let old = self.grants.get(i);
                    old.is_some_and(|o| o.soggetto == soggetto && o.stands()) && dal <= self.today
                };
                if al < dal || al < self.today || !sostituisce.is_none_or(replaceable) {
                    return Err("INVALID_REQUEST");
                }
                self.grants.push(ModelGrant {
                    soggetto,
                    dal,
                    al,
                    recorder: chi,
                    sostituisce,
                    stato: ModelState::Richiesta,
                    steps: 1,
                });
                Ok(ModelState::Richiesta)
            }
            ModelMove::Step { quale, azione, chi } => self.step(quale, azione, chi),
        }
    }

    fn step(
        &mut self,
        quale: usize,
        azione: ModelStep,
        chi: usize,
    ) -> Result<ModelState, ModelRefusal> {
        let this = self.grants.get(quale).ok_or("GRANT_NOT_FOUND")?.clone();
        let fresh = match (this.stato, azione) {
            (ModelState::Richiesta | ModelState::Verificata, ModelStep::Revoca) => {
                ModelState::Rifiutata
            }
            (ModelState::Attiva | ModelState::Sospesa, ModelStep::Revoca) => ModelState::Revocata,
            _ if this.al < self.today => return Err("TRANSITION_ILLEGAL"),
            (ModelState::Richiesta, ModelStep::Verifica) => ModelState::Verificata,
            (ModelState::Verificata, ModelStep::Approvazione)
            | (ModelState::Sospesa, ModelStep::Riattivazione) => ModelState::Attiva,
            (ModelState::Attiva, ModelStep::Sospensione) => ModelState::Sospesa,
            _ => return Err("TRANSITION_ILLEGAL"),
        };
        if azione == ModelStep::Approvazione {
            if chi == this.recorder {
                return Err("FOUR_EYES");
            }
            let in_the_way = |(i, other): (usize, &ModelGrant)| {
                let common = other.dal <= this.al && this.dal <= other.al;
                i != quale
                    && this.sostituisce != Some(i)
                    && other.soggetto == this.soggetto
                    && other.stands()
                    && common
            };
            if self.grants.iter().enumerate().any(in_the_way) {
                return Err("GRANT_OVERLAPS");
            }
            if let Some(old) = this.sostituisce.and_then(|i| self.grants.get_mut(i))
                && old.stands()
            {
                old.stato = ModelState::Revocata;
                old.steps += 1;
            }
        }
        let this = &mut self.grants[quale];
        this.stato = fresh;
        this.steps += 1;
        Ok(fresh)
    }

    /// Who has access today, by which grant. Two by one subject would be against the picture.
    pub(super) fn access(&self) -> BTreeMap<usize, usize> {
        let mut access = BTreeMap::new();
        for (i, grant_record) in self.grants.iter().enumerate() {
            let today = (grant_record.dal..=grant_record.al).contains(&self.today);
            if grant_record.stato == ModelState::Attiva && today {
                let other = access.insert(grant_record.soggetto, i);
                assert_eq!(other, None, "two grants on one day: {self:?}");
            }
        }
        access
    }
}

impl ModelGrant {
    fn stands(&self) -> bool {
        matches!(self.stato, ModelState::Attiva | ModelState::Sospesa)
    }
}
