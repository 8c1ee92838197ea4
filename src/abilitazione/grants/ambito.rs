//! The scope of a grant: the norms and the benefits whose data it gives.
//!
//! ```
//! use omnia::abilitazione::{Ambito, Insieme};
//! use omnia::valori::CodiceNormativa;
//! use sqlx::QueryBuilder;
//!
//! let norm = CodiceNormativa::parse("DL109-2018-ART44").unwrap();
//! let ambito = Ambito::new(Insieme::alcuni([norm]).unwrap(), Insieme::Tutti);
//!
//! let mut query = QueryBuilder::new("select 1 from dettaglio_decreto where dal_rilevazione = 1");
//! ambito.restringi(&mut query);
//! assert!(query.sql().as_str().ends_with("where dal_rilevazione = 1 and normativa = $1"));
//! ```

use std::collections::BTreeSet;

use sqlx::{Postgres, QueryBuilder};

use crate::valori::{CodiceNormativa, CodicePrestazione};

/// A code, as text.
pub trait Codice: Ord + Clone {
    /// The text.
    fn testo(&self) -> &str;
}

impl Codice for CodiceNormativa {
    fn testo(&self) -> &str {
        self.as_str()
    }
}

impl Codice for CodicePrestazione {
    fn testo(&self) -> &str {
        self.as_str()
    }
}

/// All codes, or some. Never none: "no code" has been mistaken for "all codes" often enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Insieme<C> {
    /// All, those to come too.
    Tutti,
    /// These.
    Alcuni(Alcuni<C>),
}

/// One or more codes, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alcuni<C>(BTreeSet<C>);

impl<C> Alcuni<C> {
    /// The codes, in order.
    pub fn iter(&self) -> impl Iterator<Item = &C> {
        self.0.iter()
    }
}

impl<C: Codice> Insieme<C> {
    /// These codes; `None` where there are none.
    pub fn alcuni(codici: impl IntoIterator<Item = C>) -> Option<Self> {
        let codici: BTreeSet<C> = codici.into_iter().collect();
        (!codici.is_empty()).then_some(Self::Alcuni(Alcuni(codici)))
    }

    /// Whether a code is in it.
    #[must_use]
    pub fn contiene(&self, codice: &C) -> bool {
        match self {
            Self::Tutti => true,
            Self::Alcuni(Alcuni(codici)) => codici.contains(codice),
        }
    }

    /// The codes as texts, in order; `None` for all.
    #[must_use]
    pub fn testi(&self) -> Option<Vec<String>> {
        match self {
            Self::Tutti => None,
            Self::Alcuni(Alcuni(codici)) => {
                Some(codici.iter().map(|c| c.testo().to_owned()).collect())
            }
        }
    }

    /// `self` narrowed to the codes that a selection names; the ones that are outside it are the error.
    fn narrowed(&self, nominati: &[C]) -> Result<Self, Vec<C>> {
        let outside: BTreeSet<C> = nominati
            .iter()
            .filter(|codice| !self.contiene(codice))
            .cloned()
            .collect();
        if outside.is_empty() {
            Ok(Self::alcuni(nominati.iter().cloned()).unwrap_or_else(|| self.clone()))
        } else {
            Err(outside.into_iter().collect())
        }
    }

    /// Pushes ` and <column> = …`. One code is an equality, so that an index keeps its order.
    fn restringi(&self, column: &'static str, query: &mut QueryBuilder<Postgres>) {
        let Some(mut codici) = self.testi() else {
            return;
        };
        query.push(" and ").push(column);
        match codici.pop() {
            Some(one) if codici.is_empty() => {
                query.push(" = ").push_bind(one);
            }
            last => {
                codici.extend(last);
                query.push(" = any(").push_bind(codici).push(")");
            }
        }
    }
}

/// The data that a call may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambito {
    normative: Insieme<CodiceNormativa>,
    prestazioni: Insieme<CodicePrestazione>,
}

impl Ambito {
    /// A scope.
    #[must_use]
    pub fn new(
        normative: Insieme<CodiceNormativa>,
        prestazioni: Insieme<CodicePrestazione>,
    ) -> Self {
        Self {
            normative,
            prestazioni,
        }
    }

    /// The norms.
    #[must_use]
    pub fn normative(&self) -> &Insieme<CodiceNormativa> {
        &self.normative
    }

    /// The benefits.
    #[must_use]
    pub fn prestazioni(&self) -> &Insieme<CodicePrestazione> {
        &self.prestazioni
    }

    /// Whether the data of a norm and a benefit may be read.
    #[must_use]
    pub fn contiene(&self, normativa: &CodiceNormativa, prestazione: &CodicePrestazione) -> bool {
        self.normative.contiene(normativa) && self.prestazioni.contiene(prestazione)
    }

    /// The scope narrowed to the codes that a selection names (none: all of the scope). The error is every named code
    /// that lies outside.
    pub(crate) fn narrowed(
        &self,
        normative: &[CodiceNormativa],
        prestazioni: &[CodicePrestazione],
    ) -> Result<Self, Vec<String>> {
        match (
            self.normative.narrowed(normative),
            self.prestazioni.narrowed(prestazioni),
        ) {
            (Ok(normative), Ok(prestazioni)) => Ok(Self::new(normative, prestazioni)),
            (normative, prestazioni) => {
                let normative = normative.err().unwrap_or_default();
                let prestazioni = prestazioni.err().unwrap_or_default();
                let texts = normative.iter().map(|c| c.as_str().to_owned());
                Err(texts
                    .chain(prestazioni.iter().map(|c| c.as_str().to_owned()))
                    .collect())
            }
        }
    }

    /// Pushes the scope on columns `normativa` and `prestazione`, each as ` and …`: the query has a `where` already.
    pub fn restringi(&self, query: &mut QueryBuilder<Postgres>) {
        self.restringi_normative(query);
        self.restringi_prestazioni(query);
    }

    /// Pushes the scope on column `normativa` only, for a table that has no `prestazione`.
    pub fn restringi_normative(&self, query: &mut QueryBuilder<Postgres>) {
        self.normative.restringi("normativa", query);
    }

    /// Pushes the scope on column `prestazione` only, for a table that has no `normativa`.
    pub fn restringi_prestazioni(&self, query: &mut QueryBuilder<Postgres>) {
        self.prestazioni.restringi("prestazione", query);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn norms(codes: &[&str]) -> Vec<CodiceNormativa> {
        let parse = |code: &&str| CodiceNormativa::parse(code).unwrap();
        codes.iter().map(parse).collect()
    }

    fn benefits(codes: &[&str]) -> Vec<CodicePrestazione> {
        let parse = |code: &&str| CodicePrestazione::parse(code).unwrap();
        codes.iter().map(parse).collect()
    }

    fn sql(ambito: &Ambito) -> String {
        let mut query = QueryBuilder::new("where true");
        ambito.restringi(&mut query);
        query.sql().as_str().to_owned()
    }

    #[test]
    fn the_scope_is_a_predicate() {
        let all = Ambito::new(Insieme::Tutti, Insieme::Tutti);
        assert_eq!(sql(&all), "where true");
        let two = Ambito::new(
            Insieme::alcuni(norms(&["A", "B"])).unwrap(),
            Insieme::alcuni(benefits(&["CIGS"])).unwrap(),
        );
        assert_eq!(
            sql(&two),
            "where true and normativa = any($1) and prestazione = $2"
        );
        let mut query = QueryBuilder::new("where true");
        two.restringi_prestazioni(&mut query);
        assert_eq!(query.sql().as_str(), "where true and prestazione = $1");
    }

    #[test]
    fn no_code_is_not_all_codes() {
        assert_eq!(Insieme::<CodiceNormativa>::alcuni([]), None);
    }

    #[test]
    fn a_selection_narrows_and_never_widens() {
        let scope = Ambito::new(
            Insieme::alcuni(norms(&["A", "B"])).unwrap(),
            Insieme::alcuni(benefits(&["CIGS"])).unwrap(),
        );
        assert_eq!(scope.narrowed(&[], &[]).as_ref(), Ok(&scope));
        let one = scope.narrowed(&norms(&["B", "B"]), &[]).unwrap();
        assert_eq!(
            sql(&one),
            "where true and normativa = $1 and prestazione = $2"
        );
        assert_eq!(
            scope.narrowed(&norms(&["B", "Z", "C"]), &benefits(&["CIGO", "CIGS"])),
            Err(vec!["C".to_owned(), "Z".to_owned(), "CIGO".to_owned()])
        );
        let all = Ambito::new(Insieme::Tutti, Insieme::Tutti);
        let named = all.narrowed(&norms(&["Z"]), &[]).unwrap();
        assert_eq!(sql(&named), "where true and normativa = $1");
    }
}
