//! What an unfinished file is of: kept beside it, so that the same command goes on with it and no other does.

use std::{
    fmt, fs,
    io::{self, Write as _},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::selection::AskedOptions;
use crate::{contract::proto, output::file};

/// Which download this is. Two that agree here are one file, byte by byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The service.
    pub(super) server: String,
    /// The call.
    pub(super) chiamata: String,
    /// As named on the command line.
    pub(super) formato: String,
    /// By option, what was asked for.
    pub(super) selezione: AskedOptions,
    /// What the first part was of: it is what the others have to be of, whatever is loaded meanwhile.
    pub(super) rilevazione: PinnedRilevazione,
}

/// A rilevazione, by everything that is known of it: a number alone may be of another database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PinnedRilevazione {
    pub(super) numero: i32,
    pub(super) data_riferimento: String,
    pub(super) caricata_il: String,
    /// Empty: it is not withdrawn. A part from before it was and one from after are no one file.
    #[serde(default)]
    pub(super) ritirata_il: String,
}

impl From<&proto::Rilevazione> for PinnedRilevazione {
    fn from(rilevazione: &proto::Rilevazione) -> Self {
        let text = |instant: Option<prost_types::Timestamp>| {
            instant
                .map(|instant| instant.to_string())
                .unwrap_or_default()
        };
        Self {
            numero: rilevazione.numero,
            data_riferimento: rilevazione.data_riferimento.clone(),
            caricata_il: text(rilevazione.caricata_il),
            ritirata_il: text(rilevazione.ritirata_il),
        }
    }
}

impl fmt::Display for PinnedRilevazione {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            numero,
            data_riferimento,
            caricata_il,
            ritirata_il,
        } = self;
        write!(
            f,
            "rilevazione {numero} as of {data_riferimento}, loaded {caricata_il}"
        )?;
        match ritirata_il.as_str() {
            "" => Ok(()),
            instant => write!(f, ", withdrawn {instant}"),
        }
    }
}

impl Manifest {
    /// `None`: there is none.
    ///
    /// # Errors
    /// It cannot be read, or is not one.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, String> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|e| failed(&e))
    }

    /// Writes it whole or not at all, for its owner alone: a selection may name a person.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("json.new");
        let mut file = file::private()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&new)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        fs::rename(new, path)
    }

    /// What keeps `other` from going on with the file of this one; the rilevazione does not: it is not asked for anew.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let mut pairs = vec![
            ("--server", Some(&self.server), Some(&other.server)),
            ("the report", Some(&self.chiamata), Some(&other.chiamata)),
            ("--formato", Some(&self.formato), Some(&other.formato)),
        ];
        let names = self.selezione.keys().chain(other.selezione.keys());
        pairs.extend(names.map(|name| {
            let (there, here) = (self.selezione.get(name), other.selezione.get(name));
            (name.as_str(), there, here)
        }));
        let (name, there, here) = pairs.into_iter().find(|(_, there, here)| there != here)?;
        let shown = |value: Option<&String>| match value {
            // It may be a person's.
            Some(_) if name == "cf" => "another".to_owned(),
            Some(value) => format!("{value:?}"),
            None => "none".to_owned(),
        };
        let name = match name.starts_with("--") || name.contains(' ') {
            true => name.to_owned(),
            false => format!("--{name}"),
        };
        Some(format!(
            "{name} was {} and is {}",
            shown(there),
            shown(here)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            server: "https://x".into(),
            chiamata: "DecreeService/DownloadDecrees".into(),
            formato: "csv".into(),
            selezione: [("normativa".to_owned(), "N".to_owned())].into(),
            rilevazione: PinnedRilevazione {
                numero: 1,
                data_riferimento: "2026-09-30".into(),
                caricata_il: "2026-10-01T00:00:00Z".into(),
                ..PinnedRilevazione::default()
            },
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.csv.part.json");
        assert_eq!(Manifest::read(&path), Ok(None));
        manifest().write(&path).unwrap();
        assert_eq!(Manifest::read(&path), Ok(Some(manifest())));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        fs::write(&path, "{}").unwrap();
        assert!(Manifest::read(&path).is_err());
    }

    #[test]
    fn whatever_differs_is_told() {
        let changed = |change: fn(&mut Manifest)| {
            let mut other = manifest();
            change(&mut other);
            manifest().difference(&other)
        };
        assert_eq!(changed(|_| ()), None);
        assert_eq!(changed(|s| s.rilevazione.numero = 2), None);
        for (change, expected) in [
            (
                (|s| s.server = "https://y".into()) as fn(&mut Manifest),
                r#"--server was "https://x" and is "https://y""#,
            ),
            (
                |s| s.formato = "xlsx".into(),
                r#"--formato was "csv" and is "xlsx""#,
            ),
            (
                |s| {
                    s.selezione.insert("normativa".into(), "M".into());
                },
                r#"--normativa was "N" and is "M""#,
            ),
            (
                |s| {
                    s.selezione.insert("cf".into(), "RCCMNL83S18D969H".into());
                },
                "--cf was none and is another",
            ),
            (
                |s| s.selezione.clear(),
                r#"--normativa was "N" and is none"#,
            ),
        ] {
            assert_eq!(changed(change).as_deref(), Some(expected));
        }
        assert!(changed(|s| s.chiamata = "x".into()).is_some());
    }
}
