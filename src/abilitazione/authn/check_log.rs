//! What was checked, one line a check.
//!
//! The server and `omnia voucher check` run the same checks. The server ends at the first that fails; the command goes on,
//! so that the person who mends a token learns everything at once:
//!
//! ```text
//! pass  token: form            header {alg, kid, typ}, payload, signature
//! FAIL  token: audience        the token is for another audience (it is for "omnia-coll"; here "omnia")
//! pass  token: exp             2026-11-25T22:00:00Z
//! ```
//!
//! A check that fails is never forgotten: [`CheckLog::finish`] gives what was checked only if all of it passed.

use std::fmt;

use crate::{
    error::{Error, Result},
    output::terminal::TerminalLine,
};

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckEntry {
    /// What was checked: `"token: exp"`.
    pub name: &'static str,
    /// Why it failed; `None`: it passed.
    pub error: Option<String>,
    /// What was seen.
    pub note: String,
}

/// The checks so far.
#[derive(Debug, Default)]
pub(super) struct CheckLog {
    /// `None`: the first failure is the end, and nothing is written down.
    passi: Option<Vec<CheckEntry>>,
    primo: Option<Error>,
}

impl CheckLog {
    /// One that ends at the first failure.
    pub(super) fn fail_fast() -> Self {
        Self::default()
    }

    /// One that writes every check down, and goes on.
    pub(super) fn complete() -> Self {
        Self {
            passi: Some(Vec::new()),
            primo: None,
        }
    }

    /// A check that others do not depend on. `None`: it failed, and the others go on.
    ///
    /// # Errors
    /// It failed, and the further checks are not wanted.
    pub(super) fn check<T>(&mut self, nome: &'static str, esito: Result<T>) -> Result<Option<T>> {
        let esito = self.require(nome, esito);
        self.proceed(esito)
    }

    /// A check of a condition that others do not depend on.
    ///
    /// # Errors
    /// As [`CheckLog::check`].
    pub(super) fn ensure(
        &mut self,
        nome: &'static str,
        in_force: bool,
        error: impl FnOnce() -> Error,
    ) -> Result<()> {
        let esito = if in_force { Ok(()) } else { Err(error()) };
        self.check(nome, esito).map(drop)
    }

    /// A check without which the others make no sense.
    ///
    /// # Errors
    /// It failed.
    pub(super) fn require<T>(&mut self, nome: &'static str, esito: Result<T>) -> Result<T> {
        if let Some(passi) = &mut self.passi {
            passi.push(CheckEntry {
                name: nome,
                error: esito.as_ref().err().map(|error| error.message.to_string()),
                note: String::new(),
            });
        }
        esito
    }

    /// What the last check saw, for the reader.
    pub(super) fn note(&mut self, noted: impl FnOnce() -> String) {
        if let Some(passo) = self.passi.as_mut().and_then(|passi| passi.last_mut()) {
            passo.note = noted();
        }
    }

    /// Ends a part whose failure was written down as it happened: `None`, and the other parts go on.
    ///
    /// # Errors
    /// It failed, and the further checks are not wanted.
    pub(super) fn proceed<T>(&mut self, parte: Result<T>) -> Result<Option<T>> {
        match parte {
            Ok(value) => Ok(Some(value)),
            Err(error) if self.passi.is_some() => {
                self.primo.get_or_insert(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether every check passed so far.
    pub(super) fn all_passed(&self) -> bool {
        self.primo.is_none()
    }

    /// `value`, if every check passed.
    ///
    /// # Errors
    /// The first failure.
    pub(super) fn finish<T>(&mut self, value: T) -> Result<T> {
        self.primo.take().map_or(Ok(value), Err)
    }

    /// Every check.
    pub(super) fn entries(self) -> Vec<CheckEntry> {
        self.passi.unwrap_or_default()
    }
}

impl fmt::Display for CheckEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let esito = if self.error.is_some() { "FAIL" } else { "pass" };
        // Both tell what a token holds.
        let (error, noted) = (
            self.error.as_deref().map(TerminalLine),
            TerminalLine(&self.note),
        );
        match (error, self.note.as_str()) {
            (None, "") => write!(f, "{esito}  {}", self.name),
            (None, _) => write!(f, "{esito}  {:20}  {noted}", self.name),
            (Some(error), "") => write!(f, "{esito}  {:20}  {error}", self.name),
            (Some(error), _) => write!(f, "{esito}  {:20}  {error} ({noted})", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    fn bad(text: &'static str) -> Error {
        Error::new(Reason::TokenInvalid, text)
    }

    #[test]
    fn a_failure_ends_it_or_is_kept() {
        let mut short = CheckLog::fail_fast();
        assert!(short.ensure("a", true, || bad("x")).is_ok());
        assert!(short.ensure("b", false, || bad("x")).is_err());

        let mut complete = CheckLog::complete();
        assert_eq!(complete.check("a", Ok(1)).unwrap(), Some(1));
        complete.note(|| "one".to_owned());
        assert_eq!(complete.check::<i32>("b", Err(bad("x"))).unwrap(), None);
        complete.note(|| "two".to_owned());
        complete.ensure("c", false, || bad("y")).unwrap();
        let first = complete.finish(()).unwrap_err();
        assert_eq!(first.message, "x", "whatever came after it");
        let lines: Vec<String> = complete
            .entries()
            .iter()
            .map(CheckEntry::to_string)
            .collect();
        assert_eq!(
            lines[0].split_whitespace().collect::<Vec<_>>(),
            ["pass", "a", "one"]
        );
        assert!(lines[1].starts_with("FAIL  b") && lines[1].ends_with("x (two)"));
        assert!(lines[2].starts_with("FAIL  c") && lines[2].ends_with('y'));
    }
}
