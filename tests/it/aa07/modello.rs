//! The life cycle as plain values, written from the picture and owing nothing to the program.

use std::collections::BTreeMap;

/// A state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stato {
    Richiesta,
    Verificata,
    Attiva,
    Sospesa,
    Revocata,
    Rifiutata,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Azione {
    Verifica,
    Approvazione,
    Sospensione,
    Riattivazione,
    Revoca,
}

/// What a person does. Days count from the first of the test; grants are named in the order of their recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mossa {
    Registra {
        soggetto: usize,
        dal: u64,
        al: u64,
        chi: usize,
        sostituisce: Option<usize>,
    },
    Passo {
        quale: usize,
        azione: Azione,
        chi: usize,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scheda {
    pub(super) soggetto: usize,
    dal: u64,
    al: u64,
    recorder: usize,
    sostituisce: Option<usize>,
    pub(super) stato: Stato,
    pub(super) passi: i32,
}

/// Everything that there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Registro {
    pub(super) oggi: u64,
    pub(super) schede: Vec<Scheda>,
}

/// The last part of the name of a reason.
pub(super) type Rifiuto = &'static str;

impl Registro {
    pub(super) fn muovi(&mut self, mossa: Mossa) -> Result<Stato, Rifiuto> {
        match mossa {
            Mossa::Registra {
                soggetto,
                dal,
                al,
                chi,
                sostituisce,
            } => {
                let replaceable = |i: usize| {
                    let old = self.schede.get(i);
                    old.is_some_and(|o| o.soggetto == soggetto && o.stands()) && dal <= self.oggi
                };
                if al < dal || al < self.oggi || !sostituisce.is_none_or(replaceable) {
                    return Err("INVALID_REQUEST");
                }
                self.schede.push(Scheda {
                    soggetto,
                    dal,
                    al,
                    recorder: chi,
                    sostituisce,
                    stato: Stato::Richiesta,
                    passi: 1,
                });
                Ok(Stato::Richiesta)
            }
            Mossa::Passo { quale, azione, chi } => self.passo(quale, azione, chi),
        }
    }

    fn passo(&mut self, quale: usize, azione: Azione, chi: usize) -> Result<Stato, Rifiuto> {
        let questa = self.schede.get(quale).ok_or("GRANT_NOT_FOUND")?.clone();
        let nuovo = match (questa.stato, azione) {
            (Stato::Richiesta | Stato::Verificata, Azione::Revoca) => Stato::Rifiutata,
            (Stato::Attiva | Stato::Sospesa, Azione::Revoca) => Stato::Revocata,
            _ if questa.al < self.oggi => return Err("TRANSITION_ILLEGAL"),
            (Stato::Richiesta, Azione::Verifica) => Stato::Verificata,
            (Stato::Verificata, Azione::Approvazione) | (Stato::Sospesa, Azione::Riattivazione) => {
                Stato::Attiva
            }
            (Stato::Attiva, Azione::Sospensione) => Stato::Sospesa,
            _ => return Err("TRANSITION_ILLEGAL"),
        };
        if azione == Azione::Approvazione {
            if chi == questa.recorder {
                return Err("FOUR_EYES");
            }
            let in_the_way = |(i, other): (usize, &Scheda)| {
                let common = other.dal <= questa.al && questa.dal <= other.al;
                i != quale
                    && questa.sostituisce != Some(i)
                    && other.soggetto == questa.soggetto
                    && other.stands()
                    && common
            };
            if self.schede.iter().enumerate().any(in_the_way) {
                return Err("GRANT_OVERLAPS");
            }
            if let Some(old) = questa.sostituisce.and_then(|i| self.schede.get_mut(i))
                && old.stands()
            {
                old.stato = Stato::Revocata;
                old.passi += 1;
            }
        }
        let questa = &mut self.schede[quale];
        questa.stato = nuovo;
        questa.passi += 1;
        Ok(nuovo)
    }

    /// Who has access today, by which grant. Two by one subject would be against the picture.
    pub(super) fn accesso(&self) -> BTreeMap<usize, usize> {
        let mut accesso = BTreeMap::new();
        for (i, scheda) in self.schede.iter().enumerate() {
            let today = (scheda.dal..=scheda.al).contains(&self.oggi);
            if scheda.stato == Stato::Attiva && today {
                let other = accesso.insert(scheda.soggetto, i);
                assert_eq!(other, None, "two grants on one day: {self:?}");
            }
        }
        accesso
    }
}

impl Scheda {
    fn stands(&self) -> bool {
        matches!(self.stato, Stato::Attiva | Stato::Sospesa)
    }
}
