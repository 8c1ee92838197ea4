//! Who takes a step.

use std::fmt;

use crate::{abilitazione::autenticazione::is_nome, valori::Difetto};

const NOME: Difetto = Difetto::new(
    "the name of who does this must be 1 to 255 bytes without control characters and without blanks at its ends",
    "il nome dell'operatore deve avere da 1 a 255 byte, senza caratteri di controllo né spazi alle estremità",
);

/// Who takes a step: over gRPC the subject of the call and, where its tracking evidence said it, the person behind it; on
/// the machine the name that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operatore {
    nome: String,
    utente: Option<String>,
}

impl Operatore {
    /// Reads the name, and the person behind it where that is known.
    ///
    /// # Errors
    /// The name could not be that of anybody.
    pub fn parse(nome: &str, utente: Option<&str>) -> Result<Self, Difetto> {
        let testo = |testo: &str| is_nome(testo).then(|| testo.to_owned());
        Ok(Self {
            nome: testo(nome).ok_or(NOME)?,
            utente: utente.map(|u| testo(u).ok_or(NOME)).transpose()?,
        })
    }

    /// The subject of the call, or the name.
    #[must_use]
    pub fn nome(&self) -> &str {
        &self.nome
    }

    /// The person behind the subject.
    #[must_use]
    pub fn utente(&self) -> Option<&str> {
        self.utente.as_deref()
    }

    /// Whether these are two persons: four eyes. A person may come by several ways, each of which knows her as the subject
    /// or as the person behind one, so any name of the one that is a name of the other makes them one. Only a subject that
    /// both came by says nothing where both persons are known. Case is no difference. The table decides by the same rule.
    ///
    /// `inps-be (anna)` is not another than `anna` or `inps-be`, and is another than `inps-be (bruno)`.
    #[must_use]
    pub fn altra_persona(&self, other: &Self) -> bool {
        let (a, a_nome, b, b_nome) = (
            self.utente.as_deref().map(str::to_lowercase),
            self.nome.to_lowercase(),
            other.utente.as_deref().map(str::to_lowercase),
            other.nome.to_lowercase(),
        );
        let one_way = a_nome == b_nome && (a.is_none() || b.is_none());
        let across = a.as_ref() == Some(&b_nome) || b.as_ref() == Some(&a_nome);
        let one_person = a.is_some() && a == b;
        !(one_way || across || one_person)
    }
}

/// `anna`, or `inps-gestione-be (anna)`.
impl fmt::Display for Operatore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.utente {
            None => f.write_str(&self.nome),
            Some(utente) => write!(f, "{} ({utente})", self.nome),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operatore(nome: &str, utente: Option<&str>) -> Operatore {
        Operatore::parse(nome, utente).unwrap()
    }

    #[test]
    fn a_name_is_a_name() {
        assert_eq!(operatore("anna", None).to_string(), "anna");
        assert_eq!(operatore("be", Some("anna")).to_string(), "be (anna)");
        for bad in ["", " ", " anna", "an\nna", &"a".repeat(256)] {
            assert!(Operatore::parse(bad, None).is_err(), "{bad}");
            assert!(Operatore::parse("be", Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn four_eyes() {
        for (a, b, two) in [
            (("anna", None), ("bruno", None), true),
            (("anna", None), ("anna", None), false),
            (("anna", None), ("Anna", None), false),
            (("be", Some("anna")), ("be", Some("bruno")), true),
            (("be", Some("anna")), ("be", Some("ANNA")), false),
            // The same person by two ways, and one who leaves out the person.
            (("be", Some("anna")), ("be2", Some("anna")), false),
            (("be", Some("anna")), ("be", None), false),
            (("be", Some("anna")), ("be2", None), true),
            // The same person once behind a subject and once by her own name.
            (("be", Some("anna")), ("anna", None), false),
            (("be", Some("anna")), ("Anna", Some("bruno")), false),
            (("be", Some("anna")), ("bruno", None), true),
            (("anna", Some("bruno")), ("anna", Some("carla")), true),
        ] {
            let (a, b) = (operatore(a.0, a.1), operatore(b.0, b.1));
            assert_eq!(a.altra_persona(&b), two, "{a} {b}");
            assert_eq!(b.altra_persona(&a), two, "{b} {a}");
        }
    }
}
