//! What was checked, one line a check.
//!
//! The server and `omnia voucher check` run the same checks. The server ends at the first that fails; the command goes on,
//! so that whoever mends a token learns everything at once:
//!
//! ```text
//! pass  token: form            header {alg, kid, typ}, payload, signature
//! FAIL  token: audience        the token is for another audience (it is for "omnia-coll"; here "omnia")
//! pass  token: exp             2026-11-25T22:00:00Z
//! ```
//!
//! A check that fails is never forgotten: [`Verbale::chiudi`] gives what was checked only if all of it passed.

use std::fmt;

use crate::{
    error::{Error, Result},
    output::terminal::Line,
};

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passo {
    /// What was checked: `"token: exp"`.
    pub nome: &'static str,
    /// Why it failed; `None`: it passed.
    pub errore: Option<String>,
    /// What was seen.
    pub nota: String,
}

/// The checks so far.
#[derive(Debug, Default)]
pub(super) struct Verbale {
    /// `None`: the first failure is the end, and nothing is written down.
    passi: Option<Vec<Passo>>,
    primo: Option<Error>,
}

impl Verbale {
    /// One that ends at the first failure.
    pub(super) fn breve() -> Self {
        Self::default()
    }

    /// One that writes every check down, and goes on.
    pub(super) fn completo() -> Self {
        Self {
            passi: Some(Vec::new()),
            primo: None,
        }
    }

    /// A check that others do not depend on. `None`: it failed, and the others go on.
    ///
    /// # Errors
    /// It failed, and nobody wants to hear of the others.
    pub(super) fn esito<T>(&mut self, nome: &'static str, esito: Result<T>) -> Result<Option<T>> {
        let esito = self.fine(nome, esito);
        self.prosegui(esito)
    }

    /// A check of a condition that others do not depend on.
    ///
    /// # Errors
    /// As [`Verbale::esito`].
    pub(super) fn vale(
        &mut self,
        nome: &'static str,
        vale: bool,
        errore: impl FnOnce() -> Error,
    ) -> Result<()> {
        let esito = if vale { Ok(()) } else { Err(errore()) };
        self.esito(nome, esito).map(drop)
    }

    /// A check without which the others make no sense.
    ///
    /// # Errors
    /// It failed.
    pub(super) fn fine<T>(&mut self, nome: &'static str, esito: Result<T>) -> Result<T> {
        if let Some(passi) = &mut self.passi {
            passi.push(Passo {
                nome,
                errore: esito.as_ref().err().map(|error| error.message.to_string()),
                nota: String::new(),
            });
        }
        esito
    }

    /// What the last check saw, for whoever reads.
    pub(super) fn nota(&mut self, nota: impl FnOnce() -> String) {
        if let Some(passo) = self.passi.as_mut().and_then(|passi| passi.last_mut()) {
            passo.nota = nota();
        }
    }

    /// Ends a part whose failure was written down as it happened: `None`, and the other parts go on.
    ///
    /// # Errors
    /// It failed, and nobody wants to hear of the others.
    pub(super) fn prosegui<T>(&mut self, parte: Result<T>) -> Result<Option<T>> {
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
    pub(super) fn intatto(&self) -> bool {
        self.primo.is_none()
    }

    /// `value`, if every check passed.
    ///
    /// # Errors
    /// The first failure.
    pub(super) fn chiudi<T>(&mut self, value: T) -> Result<T> {
        self.primo.take().map_or(Ok(value), Err)
    }

    /// Every check.
    pub(super) fn passi(self) -> Vec<Passo> {
        self.passi.unwrap_or_default()
    }
}

impl fmt::Display for Passo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let esito = if self.errore.is_some() {
            "FAIL"
        } else {
            "pass"
        };
        // Both tell what a token holds.
        let (errore, nota) = (self.errore.as_deref().map(Line), Line(&self.nota));
        match (errore, self.nota.as_str()) {
            (None, "") => write!(f, "{esito}  {}", self.nome),
            (None, _) => write!(f, "{esito}  {:20}  {nota}", self.nome),
            (Some(errore), "") => write!(f, "{esito}  {:20}  {errore}", self.nome),
            (Some(errore), _) => write!(f, "{esito}  {:20}  {errore} ({nota})", self.nome),
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
        let mut breve = Verbale::breve();
        assert!(breve.vale("a", true, || bad("x")).is_ok());
        assert!(breve.vale("b", false, || bad("x")).is_err());

        let mut completo = Verbale::completo();
        assert_eq!(completo.esito("a", Ok(1)).unwrap(), Some(1));
        completo.nota(|| "one".to_owned());
        assert_eq!(completo.esito::<i32>("b", Err(bad("x"))).unwrap(), None);
        completo.nota(|| "two".to_owned());
        completo.vale("c", false, || bad("y")).unwrap();
        let first = completo.chiudi(()).unwrap_err();
        assert_eq!(first.message, "x", "whatever came after it");
        let lines: Vec<String> = completo.passi().iter().map(Passo::to_string).collect();
        assert_eq!(
            lines[0].split_whitespace().collect::<Vec<_>>(),
            ["pass", "a", "one"]
        );
        assert!(lines[1].starts_with("FAIL  b") && lines[1].ends_with("x (two)"));
        assert!(lines[2].starts_with("FAIL  c") && lines[2].ends_with('y'));
    }
}
