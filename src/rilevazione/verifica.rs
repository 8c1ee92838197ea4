//! One value of a file: checked with `valori`, written as Postgres wants it.

use chrono::NaiveDate;

use super::{catalogo::Catalogo, copia::Copia, tracciato::Tipo};
use crate::valori::{
    Anno, CodiceFiscale, CodiceNormativa, CodicePrestazione, CodificaSistemaUnico, Difetto,
    Importo, Matricola, NumeroDecreto, Ore, parse_data,
};

pub(super) const NOT_UTF8: Difetto =
    Difetto::new("must be UTF-8", "deve essere nella codifica UTF-8");
pub(super) const ORDER: Difetto = Difetto::new(
    "must not be before `validita_dal`",
    "non deve precedere `validita_dal`",
);
const UNKNOWN_NORMATIVA: Difetto = Difetto::new(
    "the catalogue has no such norm",
    "il catalogo non contiene questa normativa",
);
const UNKNOWN_PRESTAZIONE: Difetto = Difetto::new(
    "the catalogue has no such benefit",
    "il catalogo non contiene questa prestazione",
);
const DESCRIZIONE: Difetto = Difetto::new(
    "must be a text of 1 to 500 characters without control characters",
    "deve essere un testo da 1 a 500 caratteri, senza caratteri di controllo",
);
const S_OR_N: Difetto = Difetto::new(
    "must be S (the code of the employer is a natural person's), N or empty",
    "deve essere S (il codice dell'azienda è di una persona fisica), N o vuoto",
);
const CHECK_DIGITS: Difetto = Difetto::new(
    "the check digits do not fit",
    "le cifre di controllo non corrispondono",
);

/// What was seen in a value that is right.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Visto {
    Data(NaiveDate),
    /// A codice fiscale. Whether it is a natural person's by its form.
    Codice(bool),
    /// What is said of it. Nothing was written: it depends on the code.
    Persona(Option<bool>),
    /// Right, and doubtful.
    Dubbio(Difetto),
    Altro,
}

/// Checks a value and writes it.
pub(super) fn verifica(
    tipo: Tipo,
    text: &str,
    catalogo: &Catalogo,
    copia: &mut Copia,
) -> Result<Visto, Difetto> {
    match tipo {
        Tipo::NuovaNormativa => copia.text(CodiceNormativa::parse(text)?.as_str()),
        Tipo::NuovaPrestazione => copia.text(CodicePrestazione::parse(text)?.as_str()),
        Tipo::Descrizione => copia.text(descrizione(text)?),
        Tipo::Normativa if catalogo.has_normativa(text) => copia.text(text),
        // What is not known may also not be a code: that is the better thing to say.
        Tipo::Normativa => {
            return CodiceNormativa::parse(text).and(Err(UNKNOWN_NORMATIVA));
        }
        Tipo::Prestazione if catalogo.has_prestazione(text) => copia.text(text),
        Tipo::Prestazione => {
            return CodicePrestazione::parse(text).and(Err(UNKNOWN_PRESTAZIONE));
        }
        Tipo::CodificaSistemaUnico => copia.text(CodificaSistemaUnico::parse(text)?.as_str()),
        Tipo::NumeroDecreto => copia.text(NumeroDecreto::parse(text)?.as_str()),
        Tipo::CodiceFiscale => {
            let cf = CodiceFiscale::parse(text)?;
            copia.text(cf.as_str());
            return Ok(Visto::Codice(cf.persona_fisica()));
        }
        Tipo::PersonaFisica => {
            return match text {
                "S" => Ok(Visto::Persona(Some(true))),
                "N" => Ok(Visto::Persona(Some(false))),
                "" => Ok(Visto::Persona(None)),
                _ => Err(S_OR_N),
            };
        }
        Tipo::Matricola => {
            let matricola = Matricola::parse(text)?;
            copia.text(matricola.as_str());
            if !matricola.check_digits_fit() {
                return Ok(Visto::Dubbio(CHECK_DIGITS));
            }
        }
        Tipo::Data => {
            let date = parse_data(text)?;
            copia.date(date);
            return Ok(Visto::Data(date));
        }
        Tipo::Anno => copia.integer(Anno::parse(text)?.get()),
        Tipo::Ore => {
            Ore::parse(text)?;
            copia.numeric(hundredths(text));
        }
        Tipo::Importo => {
            Importo::parse(text)?;
            copia.numeric(hundredths(text));
        }
    }
    Ok(Visto::Altro)
}

fn descrizione(text: &str) -> Result<&str, Difetto> {
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

    fn check(tipo: Tipo, text: &str) -> Result<Visto, Difetto> {
        let catalogo = Catalogo::of(&["DL109-2018-ART44"], &["CIGS"]);
        verifica(tipo, text, &catalogo, &mut Copia::default())
    }

    #[test]
    fn unknown_codes_are_told_from_bad_ones() {
        assert_eq!(check(Tipo::Normativa, "DL109-2018-ART44"), Ok(Visto::Altro));
        assert_eq!(check(Tipo::Normativa, "DL1-2018"), Err(UNKNOWN_NORMATIVA));
        assert_eq!(
            check(Tipo::Normativa, "dl1").unwrap_err(),
            CodiceNormativa::parse("dl1").unwrap_err()
        );
        assert_eq!(check(Tipo::Prestazione, "CIGO"), Err(UNKNOWN_PRESTAZIONE));
        assert_eq!(check(Tipo::NuovaPrestazione, "CIGO"), Ok(Visto::Altro));
    }

    #[test]
    fn a_matricola_may_be_doubtful() {
        assert_eq!(check(Tipo::Matricola, "7012345662"), Ok(Visto::Altro));
        assert_eq!(
            check(Tipo::Matricola, "7012345663"),
            Ok(Visto::Dubbio(CHECK_DIGITS))
        );
        assert!(check(Tipo::Matricola, "70123456").is_err());
    }

    #[test]
    fn descriptions() {
        assert_eq!(check(Tipo::Descrizione, "Attività"), Ok(Visto::Altro));
        for bad in ["", "  ", "a\u{0}", "a\nb", &"x".repeat(501)] {
            assert_eq!(check(Tipo::Descrizione, bad), Err(DESCRIZIONE), "{bad}");
        }
    }

    #[test]
    fn the_largest_amount_fits() {
        assert_eq!(hundredths("9999999999999999.99"), 999_999_999_999_999_999);
        assert_eq!(
            check(Tipo::Importo, "9999999999999999.99"),
            Ok(Visto::Altro)
        );
    }
}
