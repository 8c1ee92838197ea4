//! One value of a file: checked with `valori`, written as Postgres wants it.

use chrono::NaiveDate;

use super::{catalog::Catalog, copy::CopyBuffer, layout::FieldType};
use crate::valori::{
    CodiceFiscale, CodiceNormativa, CodicePrestazione, CodificaSistemaUnico, Importo, Matricola,
    NumeroDecreto, Ore, TipoStanziamento, ValueDefect, Year, parse_date,
};

pub(super) const NOT_UTF8: ValueDefect =
    ValueDefect::new("must be UTF-8", "deve essere nella codifica UTF-8");
pub(super) const ORDER: ValueDefect = ValueDefect::new(
    "must not be before `validita_dal`",
    "non deve precedere `validita_dal`",
);
const UNKNOWN_NORMATIVA: ValueDefect = ValueDefect::new(
    "the catalogue has no such norm",
    "il catalogo non contiene questa normativa",
);
const UNKNOWN_PRESTAZIONE: ValueDefect = ValueDefect::new(
    "the catalogue has no such benefit",
    "il catalogo non contiene questa prestazione",
);
const DESCRIZIONE: ValueDefect = ValueDefect::new(
    "must be a text of 1 to 500 characters without control characters",
    "deve essere un testo da 1 a 500 caratteri, senza caratteri di controllo",
);
const S_OR_N: ValueDefect = ValueDefect::new(
    "must be S (the code of the employer is a natural person's), N or empty",
    "deve essere S (il codice dell'azienda è di una persona fisica), N o vuoto",
);
const CHECK_DIGITS: ValueDefect = ValueDefect::new(
    "the check digits do not fit",
    "le cifre di controllo non corrispondono",
);

/// What was seen in a value that is right.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CheckedValue {
    Date(NaiveDate),
    /// A codice fiscale. Whether it is a natural person's by its form.
    Code(bool),
    /// What is said of it. Nothing was written: it depends on the code.
    Person(Option<bool>),
    /// Right, and doubtful.
    Doubtful(ValueDefect),
    Other,
}

/// Checks a value and writes it.
pub(super) fn verify(
    tipo: FieldType,
    text: &str,
    catalog: &Catalog,
    copy: &mut CopyBuffer,
) -> Result<CheckedValue, ValueDefect> {
    match tipo {
        FieldType::NewNormativa => copy.text(CodiceNormativa::parse(text)?.as_str()),
        FieldType::NewPrestazione => copy.text(CodicePrestazione::parse(text)?.as_str()),
        FieldType::Descrizione => copy.text(descrizione(text)?),
        FieldType::Normativa if catalog.has_normativa(text) => copy.text(text),
        // What is not known may also not be a code: that is the better thing to say.
        FieldType::Normativa => {
            return CodiceNormativa::parse(text).and(Err(UNKNOWN_NORMATIVA));
        }
        FieldType::Prestazione if catalog.has_prestazione(text) => copy.text(text),
        FieldType::Prestazione => {
            return CodicePrestazione::parse(text).and(Err(UNKNOWN_PRESTAZIONE));
        }
        FieldType::CodificaSistemaUnico => copy.text(CodificaSistemaUnico::parse(text)?.as_str()),
        FieldType::NumeroDecreto => copy.text(NumeroDecreto::parse(text)?.as_str()),
        FieldType::CodiceFiscale => {
            let cf = CodiceFiscale::parse(text)?;
            copy.text(cf.as_str());
            return Ok(CheckedValue::Code(cf.persona_fisica()));
        }
        FieldType::PersonaFisica => {
            return match text {
                "S" => Ok(CheckedValue::Person(Some(true))),
                "N" => Ok(CheckedValue::Person(Some(false))),
                "" => Ok(CheckedValue::Person(None)),
                _ => Err(S_OR_N),
            };
        }
        FieldType::Matricola => {
            let matricola = Matricola::parse(text)?;
            copy.text(matricola.as_str());
            if !matricola.check_digits_fit() {
                return Ok(CheckedValue::Doubtful(CHECK_DIGITS));
            }
        }
        FieldType::Date => {
            let date = parse_date(text)?;
            copy.date(date);
            return Ok(CheckedValue::Date(date));
        }
        FieldType::TipoStanziamento => copy.text(TipoStanziamento::parse(text)?.as_str()),
        FieldType::Year => copy.integer(Year::parse(text)?.get()),
        FieldType::Ore => {
            Ore::parse(text)?;
            copy.numeric(hundredths(text));
        }
        FieldType::Importo => {
            Importo::parse(text)?;
            copy.numeric(hundredths(text));
        }
    }
    Ok(CheckedValue::Other)
}

fn descrizione(text: &str) -> Result<&str, ValueDefect> {
    let right = (1..=500).contains(&text.chars().count())
        && !text.trim().is_empty()
        && !text.chars().any(char::is_control);
    if right { Ok(text) } else { Err(DESCRIZIONE) }
}

/// The digits of a number that was found to have at most 16 of them, a point, and two more: they fit in 64 bits.
fn hundredths(text: &str) -> u64 {
    text.bytes()
        .filter(u8::is_ascii_digit)
        .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tipo: FieldType, text: &str) -> Result<CheckedValue, ValueDefect> {
        let catalog = Catalog::of(&["DL109-2018-ART44"], &["CIGS"]);
        verify(tipo, text, &catalog, &mut CopyBuffer::default())
    }

    #[test]
    fn unknown_codes_are_told_from_bad_ones() {
        assert_eq!(
            check(FieldType::Normativa, "DL109-2018-ART44"),
            Ok(CheckedValue::Other)
        );
        assert_eq!(
            check(FieldType::Normativa, "DL1-2018"),
            Err(UNKNOWN_NORMATIVA)
        );
        assert_eq!(
            check(FieldType::Normativa, "dl1").unwrap_err(),
            CodiceNormativa::parse("dl1").unwrap_err()
        );
        assert_eq!(
            check(FieldType::Prestazione, "CIGO"),
            Err(UNKNOWN_PRESTAZIONE)
        );
        assert_eq!(
            check(FieldType::NewPrestazione, "CIGO"),
            Ok(CheckedValue::Other)
        );
    }

    #[test]
    fn a_matricola_may_be_doubtful() {
        assert_eq!(
            check(FieldType::Matricola, "7012345662"),
            Ok(CheckedValue::Other)
        );
        assert_eq!(
            check(FieldType::Matricola, "7012345663"),
            Ok(CheckedValue::Doubtful(CHECK_DIGITS))
        );
        assert!(check(FieldType::Matricola, "70123456").is_err());
    }

    #[test]
    fn descriptions() {
        assert_eq!(
            check(FieldType::Descrizione, "Attività"),
            Ok(CheckedValue::Other)
        );
        for bad in ["", "  ", "a\u{0}", "a\nb", &"x".repeat(501)] {
            assert_eq!(
                check(FieldType::Descrizione, bad),
                Err(DESCRIZIONE),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_largest_amount_fits() {
        assert_eq!(hundredths("9999999999999999.99"), 999_999_999_999_999_999);
        assert_eq!(
            check(FieldType::Importo, "9999999999999999.99"),
            Ok(CheckedValue::Other)
        );
    }
}
