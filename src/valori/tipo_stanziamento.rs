//! The kind of an appropriation (L. 196/2009, art. 17).

use super::ValueDefect;

const TIPO: ValueDefect = ValueDefect::new(
    "must be LIMITE, PREVISIONE or empty, which is LIMITE",
    "deve essere LIMITE, PREVISIONE o vuoto, che vale LIMITE",
);

/// What a law makes of an amount: the most that may be spent, or what it expects to be spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TipoStanziamento {
    /// A cap.
    #[default]
    Limite,
    /// A forecast.
    Previsione,
}

impl TipoStanziamento {
    /// Reads what an extract says; empty: a cap.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, ValueDefect> {
        match text {
            "" | "LIMITE" => Ok(Self::Limite),
            "PREVISIONE" => Ok(Self::Previsione),
            _ => Err(TIPO),
        }
    }

    /// As extracts, the database and files have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limite => "LIMITE",
            Self::Previsione => "PREVISIONE",
        }
    }
}

/// The kinds of several appropriations: of more than one year, or of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TipiStanziamento {
    /// All of this kind.
    Solo(TipoStanziamento),
    /// Caps and forecasts.
    Misti,
}

impl TipiStanziamento {
    /// Those of all these; `None`: there are none.
    #[must_use]
    pub fn of(tipi: impl IntoIterator<Item = TipoStanziamento>) -> Option<Self> {
        tipi.into_iter()
            .map(Self::Solo)
            .reduce(|all, tipo| if all == tipo { all } else { Self::Misti })
    }

    /// As files have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Solo(tipo) => tipo.as_str(),
            Self::Misti => "LIMITE_E_PREVISIONE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_kind_or_both() {
        use TipoStanziamento::{Limite, Previsione};
        assert_eq!(TipoStanziamento::parse(""), Ok(Limite));
        for tipo in [Limite, Previsione] {
            assert_eq!(TipoStanziamento::parse(tipo.as_str()), Ok(tipo));
            let solo = Some(TipiStanziamento::Solo(tipo));
            assert_eq!(TipiStanziamento::of([tipo, tipo]), solo);
        }
        assert_eq!(TipiStanziamento::of([]), None);
        let all = [Limite, Previsione, Limite];
        assert_eq!(TipiStanziamento::of(all), Some(TipiStanziamento::Misti));
        for bad in ["limite", "LIMITE ", "LIMITE_E_PREVISIONE", "0"] {
            assert_eq!(TipoStanziamento::parse(bad), Err(TIPO), "{bad}");
        }
    }
}
