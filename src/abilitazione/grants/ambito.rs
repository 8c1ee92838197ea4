//! The scope of a grant: the norms and the benefits whose data it gives.
//!
//! ```
//! use omnia::abilitazione::{Ambito, AmbitoCodes};
//! use omnia::valori::CodiceNormativa;
//! use sqlx::QueryBuilder;
//!
//! let norm = CodiceNormativa::parse("DL109-2018-ART44").unwrap();
//! let ambito = Ambito::new(AmbitoCodes::only([norm]).unwrap(), AmbitoCodes::All);
//!
//! let mut query = QueryBuilder::new("select 1 from dettaglio_decreto where dal_rilevazione = 1");
//! ambito.restrict(&mut query);
//! assert!(query.sql().as_str().ends_with("where dal_rilevazione = 1 and normativa = $1"));
//! ```

use std::collections::BTreeSet;

use sqlx::{Postgres, QueryBuilder};

use crate::valori::{CodiceNormativa, CodicePrestazione};

/// A code, as text.
pub trait AmbitoCode: Ord + Clone {
    /// The text.
    fn text(&self) -> &str;
}

impl AmbitoCode for CodiceNormativa {
    fn text(&self) -> &str {
        self.as_str()
    }
}

impl AmbitoCode for CodicePrestazione {
    fn text(&self) -> &str {
        self.as_str()
    }
}

/// All codes, or some. Never none: "no code" has been mistaken for "all codes" often enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AmbitoCodes<C> {
    /// All, those to come too.
    All,
    /// These.
    Only(NonEmptyCodes<C>),
}

/// One or more codes, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonEmptyCodes<C>(BTreeSet<C>);

impl<C> NonEmptyCodes<C> {
    /// The codes, in order.
    pub fn iter(&self) -> impl Iterator<Item = &C> {
        self.0.iter()
    }
}

impl<C: AmbitoCode> AmbitoCodes<C> {
    /// These codes; `None` where there are none.
    pub fn only(codes: impl IntoIterator<Item = C>) -> Option<Self> {
        let codes: BTreeSet<C> = codes.into_iter().collect();
        (!codes.is_empty()).then_some(Self::Only(NonEmptyCodes(codes)))
    }

    /// Whether a code is in it.
    #[must_use]
    pub fn contains(&self, codice: &C) -> bool {
        match self {
            Self::All => true,
            Self::Only(NonEmptyCodes(codes)) => codes.contains(codice),
        }
    }

    /// The codes as texts, in order; `None` for all.
    #[must_use]
    pub fn texts(&self) -> Option<Vec<String>> {
        match self {
            Self::All => None,
            Self::Only(NonEmptyCodes(codes)) => {
                Some(codes.iter().map(|c| c.text().to_owned()).collect())
            }
        }
    }

    /// `self` narrowed to the codes that a selection names; the ones that are outside it are the error.
    fn narrowed(&self, named: &[C]) -> Result<Self, Vec<C>> {
        let outside: BTreeSet<C> = named
            .iter()
            .filter(|codice| !self.contains(codice))
            .cloned()
            .collect();
        if outside.is_empty() {
            Ok(Self::only(named.iter().cloned()).unwrap_or_else(|| self.clone()))
        } else {
            Err(outside.into_iter().collect())
        }
    }

    /// Pushes ` and <column> = …`. One code is an equality, so that an index keeps its order.
    fn restrict(&self, column: &'static str, query: &mut QueryBuilder<Postgres>) {
        let Some(mut codes) = self.texts() else {
            return;
        };
        query.push(" and ").push(column);
        match codes.pop() {
            Some(one) if codes.is_empty() => {
                query.push(" = ").push_bind(one);
            }
            last => {
                codes.extend(last);
                query.push(" = any(").push_bind(codes).push(")");
            }
        }
    }
}

/// The data that a call may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambito {
    normative: AmbitoCodes<CodiceNormativa>,
    prestazioni: AmbitoCodes<CodicePrestazione>,
}

impl Ambito {
    /// A scope.
    #[must_use]
    pub fn new(
        normative: AmbitoCodes<CodiceNormativa>,
        prestazioni: AmbitoCodes<CodicePrestazione>,
    ) -> Self {
        Self {
            normative,
            prestazioni,
        }
    }

    /// The norms.
    #[must_use]
    pub fn normative(&self) -> &AmbitoCodes<CodiceNormativa> {
        &self.normative
    }

    /// The benefits.
    #[must_use]
    pub fn prestazioni(&self) -> &AmbitoCodes<CodicePrestazione> {
        &self.prestazioni
    }

    /// Whether the data of a norm and a benefit may be read.
    #[must_use]
    pub fn contains(&self, normativa: &CodiceNormativa, prestazione: &CodicePrestazione) -> bool {
        self.normative.contains(normativa) && self.prestazioni.contains(prestazione)
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
    pub fn restrict(&self, query: &mut QueryBuilder<Postgres>) {
        self.restrict_normative(query);
        self.restrict_prestazioni(query);
    }

    /// Pushes the scope on column `normativa` only, for a table that has no `prestazione`.
    pub fn restrict_normative(&self, query: &mut QueryBuilder<Postgres>) {
        self.normative.restrict("normativa", query);
    }

    /// Pushes the scope on column `prestazione` only, for a table that has no `normativa`.
    pub fn restrict_prestazioni(&self, query: &mut QueryBuilder<Postgres>) {
        self.prestazioni.restrict("prestazione", query);
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
        ambito.restrict(&mut query);
        query.sql().as_str().to_owned()
    }

    #[test]
    fn the_scope_is_a_predicate() {
        let all = Ambito::new(AmbitoCodes::All, AmbitoCodes::All);
        assert_eq!(sql(&all), "where true");
        let two = Ambito::new(
            AmbitoCodes::only(norms(&["A", "B"])).unwrap(),
            AmbitoCodes::only(benefits(&["CIGS"])).unwrap(),
        );
        assert_eq!(
            sql(&two),
            "where true and normativa = any($1) and prestazione = $2"
        );
        let mut query = QueryBuilder::new("where true");
        two.restrict_prestazioni(&mut query);
        assert_eq!(query.sql().as_str(), "where true and prestazione = $1");
    }

    #[test]
    fn no_code_is_not_all_codes() {
        assert_eq!(AmbitoCodes::<CodiceNormativa>::only([]), None);
    }

    #[test]
    fn a_selection_narrows_and_never_widens() {
        let scope = Ambito::new(
            AmbitoCodes::only(norms(&["A", "B"])).unwrap(),
            AmbitoCodes::only(benefits(&["CIGS"])).unwrap(),
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
        let all = Ambito::new(AmbitoCodes::All, AmbitoCodes::All);
        let named = all.narrowed(&norms(&["Z"]), &[]).unwrap();
        assert_eq!(sql(&named), "where true and normativa = $1");
    }
}
