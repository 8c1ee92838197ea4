//! A secret text on the command line: the text itself, the file that holds it, or standard input.

use std::{convert::Infallible, fmt, io::Read as _, path::PathBuf, str::FromStr};

use crate::{error::Sentence, valori::without_bom};

/// Where a text is. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum SecretText {
    Inline(String),
    File(PathBuf),
    Stdin,
}

impl FromStr for SecretText {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match (text, text.strip_prefix('@')) {
            ("-", _) => Self::Stdin,
            (_, Some(path)) => Self::File(path.into()),
            _ => Self::Inline(text.to_owned()),
        })
    }
}

impl SecretText {
    /// The text, without the blanks around it. Standard input is read to its end.
    ///
    /// # Errors
    /// A sentence: it cannot be read.
    pub(super) fn read(&self) -> Result<String, Sentence> {
        let text = match self {
            Self::Inline(text) => text.clone(),
            Self::File(path) => std::fs::read_to_string(path)
                .map_err(|error| format!("{}: {error}", path.display()))?,
            Self::Stdin => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text)?;
                text
            }
        };
        Ok(without_bom(&text).trim().to_owned())
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("Inline([REDACTED])"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Stdin => f.write_str("Stdin"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_debug_shows_the_text() {
        let testo: SecretText = "eyJ.segreto.x".parse().unwrap();
        assert!(!format!("{testo:?}").contains("segreto"));
        assert_eq!("@a".parse(), Ok(SecretText::File("a".into())));
        assert_eq!("-".parse(), Ok(SecretText::Stdin));
    }
}
