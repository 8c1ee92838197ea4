//! A row that is different, as it is shown: as it was and as it is.

use crate::{
    blocks::persons::MASK,
    contract::proto::{DettaglioDecreto, Differenza},
    cruscotto::format,
};

/// A row that is different.
pub(super) struct DifferenceRow {
    /// "Nuova", "Variata", "Cessata".
    pub(super) kind: &'static str,
    /// How its kind looks.
    pub(super) class: &'static str,
    /// Codes: names would take more room than all else.
    pub(super) norm: String,
    pub(super) benefit: String,
    pub(super) codifica: String,
    pub(super) number: String,
    pub(super) date: String,
    pub(super) from: String,
    pub(super) to: ChangedValue,
    pub(super) company: String,
    pub(super) is_masked: bool,
    pub(super) matricola: String,
    /// Hours, authorised, paid.
    pub(super) figures: [ChangedValue; 3],
}

/// A value on both sides.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ChangedValue {
    /// The same before and after, or of a row that has but one side.
    Same(String),
    /// Another one: before, after.
    Other(String, String),
}

impl DifferenceRow {
    /// Of a difference.
    pub(super) fn new(difference: Differenza) -> Self {
        let (kind, class) = match (&difference.prima, &difference.dopo) {
            (None, _) => ("Nuova", "up"),
            (_, None) => ("Cessata", "down"),
            _ => ("Variata", "changed"),
        };
        let both = Sides(difference.prima, difference.dopo);
        let to = both.value(|row| format::short_day(&row.validita_al));
        let figures = [
            both.value(|row| format::number(&row.ore_decretate)),
            both.value(|row| format::euro(&row.importi_autorizzati)),
            both.value(|row| format::euro(&row.importi_erogati)),
        ];
        // What a row is known by is the same on both sides.
        let key = both.1.or(both.0).unwrap_or_default();
        Self {
            kind,
            class,
            norm: difference.normativa,
            benefit: key.prestazione,
            codifica: key.codifica_sistema_unico,
            number: key.numero_decreto,
            date: format::short_day(&key.data_decreto),
            from: format::short_day(&key.validita_dal),
            to,
            is_masked: key.cf_azienda == MASK,
            company: key.cf_azienda,
            matricola: key.matricola_azienda,
            figures,
        }
    }
}

/// A row as it was, and as it is.
struct Sides(Option<DettaglioDecreto>, Option<DettaglioDecreto>);

impl Sides {
    fn value(&self, of: impl Fn(&DettaglioDecreto) -> String) -> ChangedValue {
        let (before, after) = (self.0.as_ref().map(&of), self.1.as_ref().map(&of));
        match (before, after) {
            (Some(before), Some(after)) if before != after => ChangedValue::Other(before, after),
            (before, after) => ChangedValue::Same(after.or(before).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_has_two_values() {
        let row = |hours: &str| {
            Some(DettaglioDecreto {
                ore_decretate: hours.to_owned(),
                ..DettaglioDecreto::default()
            })
        };
        let shown = |prima, dopo| {
            let difference = Differenza {
                normativa: "A".to_owned(),
                prima,
                dopo,
            };
            let DifferenceRow { kind, figures, .. } = DifferenceRow::new(difference);
            let [hours, ..] = figures;
            (kind, hours)
        };
        let same = |text: &str| ChangedValue::Same(text.to_owned());
        assert_eq!(shown(None, row("1.00")), ("Nuova", same("1,00")));
        assert_eq!(shown(row("2.00"), None), ("Cessata", same("2,00")));
        assert_eq!(
            shown(row("1.00"), row("2.00")),
            (
                "Variata",
                ChangedValue::Other("1,00".to_owned(), "2,00".to_owned())
            )
        );
    }
}
