//! Who takes a step.

use std::fmt;

use crate::valori::{
    ValueDefect,
    name::{is_name, key},
};

const NAME: ValueDefect = ValueDefect::new(
    "the name of who does this must be 1 to 255 bytes without control, format or unseen characters and without blanks at its ends",
    "il nome dell'operatore deve avere da 1 a 255 byte, senza caratteri di controllo, di formato o invisibili né spazi alle estremità",
);

/// Who takes a step: over gRPC the subject of the call and, where its tracking evidence said it, the person behind it; on
/// the machine the name that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operatore {
    nome: OperatoreName,
    utente: Option<OperatoreName>,
}

/// A name, and what it is compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OperatoreName {
    testo: String,
    audit_key: String,
}

impl OperatoreName {
    fn new(testo: &str) -> Self {
        Self {
            testo: testo.to_owned(),
            audit_key: key(testo),
        }
    }
}

impl Operatore {
    /// Reads the name, and the person behind it where that is known.
    ///
    /// # Errors
    /// The name cannot be a person's.
    pub fn parse(nome: &str, utente: Option<&str>) -> Result<Self, ValueDefect> {
        let read = |testo: &str| {
            let nome = OperatoreName::new(testo);
            (is_name(testo) && !nome.audit_key.is_empty())
                .then_some(nome)
                .ok_or(NAME)
        };
        Ok(Self {
            nome: read(nome)?,
            utente: utente.map(read).transpose()?,
        })
    }

    /// Of a step that was taken, perhaps before names were what they are now.
    pub(super) fn stored(nome: &str, utente: Option<&str>) -> Self {
        Self {
            nome: OperatoreName::new(nome),
            utente: utente.map(OperatoreName::new),
        }
    }

    /// The subject of the call, or the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.nome.testo
    }

    /// The person behind the subject.
    #[must_use]
    pub fn utente(&self) -> Option<&str> {
        self.utente.as_ref().map(|utente| utente.testo.as_str())
    }

    /// What the name is compared by.
    pub(super) fn key(&self) -> &str {
        &self.nome.audit_key
    }

    /// What the person is compared by.
    pub(super) fn utente_key(&self) -> Option<&str> {
        self.utente.as_ref().map(|utente| utente.audit_key.as_str())
    }

    /// Whether these are two persons: four eyes. A person may come by several ways, each of which knows her as the subject
    /// or as the person behind one, so any name of the one that is a name of the other makes them one. Only a subject that
    /// both came by says nothing where both persons are known. How a name is spelt is no difference ([`key`]). The table decides by
    /// the same rule, by the keys that stand beside the names.
    ///
    /// `inps-be (anna)` is not another than `anna` or `inps-be`, and is another than `inps-be (bruno)`.
    #[must_use]
    pub fn is_other_person(&self, other: &Self) -> bool {
        let (a, a_name) = (self.utente_key(), self.key());
        let (b, b_name) = (other.utente_key(), other.key());
        let one_way = a_name == b_name && (a.is_none() || b.is_none());
        let across = a == Some(b_name) || b == Some(a_name);
        let one_person = a.is_some() && a == b;
        !(one_way || across || one_person)
    }
}

/// `anna`, or `inps-gestione-be (anna)`.
impl fmt::Display for Operatore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.utente {
            None => f.write_str(&self.nome.testo),
            Some(utente) => write!(f, "{} ({})", self.nome.testo, utente.testo),
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
        for bad in [
            "",
            " ",
            " anna",
            "an\nna",
            "an\u{200b}na",
            "'",
            &"a".repeat(256),
        ] {
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
            // Spelt in another way.
            (("niccolò", None), ("niccolo\u{300}", None), false),
            (("anna", None), ("аnna", None), false),
            (
                ("be", Some("anna rossi")),
                ("ＡＮＮＡ\u{3000}ROSSI", None),
                false,
            ),
        ] {
            let (a, b) = (operatore(a.0, a.1), operatore(b.0, b.1));
            assert_eq!(a.is_other_person(&b), two, "{a} {b}");
            assert_eq!(b.is_other_person(&a), two, "{b} {a}");
        }
    }
}
