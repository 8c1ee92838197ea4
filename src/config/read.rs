//! Where the settings come from.

use std::{
    collections::HashMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use config::{Config, Environment, File, FileFormat};

use super::Settings;
use crate::error::Sentence;

const PREFIX: &str = "OMNIA_";
/// The settings file's own path (an option of the command line), not a setting.
const FILE: &str = "OMNIA_CONFIG";
/// What every hosting platform calls the database.
const DATABASE_URL: &str = "DATABASE_URL";
const OWN_DATABASE_URL: &str = "OMNIA_DATABASE__URL";

impl Settings {
    /// Reads the file, if there is one, then the environment, and checks every value.
    ///
    /// # Errors
    /// A sentence that names the key: unknown, of the wrong type, or out of its range.
    pub fn read(file: Option<&Path>) -> Result<Self, Sentence> {
        Self::from_sources(file, std::env::vars_os())
    }

    /// As [`Settings::read`], with the environment given: `DATABASE_URL` and what begins with `OMNIA_` counts.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn from_sources(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Sentence> {
        let mut builder = Config::builder();
        if let Some(file) = file {
            // Only the file that was named: the crate would also try it with other extensions.
            if !file.is_file() {
                return Err(format!("there is no settings file {}", file.display()).into());
            }
            let source = File::from(PathBuf::from(file)).format(FileFormat::Toml);
            builder = builder.add_source(source);
        }
        let environment = Environment::with_prefix("OMNIA")
            .prefix_separator("_")
            .separator("__")
            .source(Some(ours(environment)?));
        let settings: Self = builder
            .add_source(environment)
            .build()
            .and_then(Config::try_deserialize)
            .map_err(|error| format!("settings: {error}"))?;
        settings.check()?;
        Ok(settings)
    }
}

/// The variables that are settings. An empty one is as good as none.
fn ours(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<HashMap<String, String>, Sentence> {
    let mut ours = HashMap::new();
    let mut database_url = None;
    for (name, value) in environment {
        let Some(name) = name.to_str() else { continue };
        let setting = name.starts_with(PREFIX) && name != FILE;
        if (!setting && name != DATABASE_URL) || value.is_empty() {
            continue;
        }
        let value = value
            .into_string()
            .map_err(|_| format!("settings: {name} is not UTF-8"))?;
        if setting {
            // Without a section it could not be a setting, and the crate's message would not say which variable it is.
            if !name[PREFIX.len()..].contains("__") {
                let hint = "a setting is OMNIA_SECTION__KEY, with two underscores";
                return Err(format!("settings: unknown variable {name} ({hint})").into());
            }
            ours.insert(name.to_owned(), value);
        } else {
            database_url = Some(value);
        }
    }
    if let Some(url) = database_url {
        ours.entry(OWN_DATABASE_URL.to_owned()).or_insert(url);
    }
    Ok(ours)
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsString, io::Write as _};

    use secrecy::ExposeSecret as _;

    use crate::{config::Settings, telemetry::LogFormat};

    fn read(file: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
        let mut toml = tempfile::NamedTempFile::new().unwrap();
        toml.write_all(file.as_bytes()).unwrap();
        let environment = environment
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Settings::from_sources(Some(toml.path()), environment).map_err(|e| e.to_string())
    }

    #[test]
    fn nothing_set_is_the_defaults() {
        let settings = Settings::from_sources(None, []).unwrap();
        assert_eq!(settings.server.listen.to_string(), "127.0.0.1:50051");
        assert_eq!(settings.server.max_request_bytes, 65536);
        assert_eq!(settings.export.batch_rows, 4000);
        assert!(settings.server.reflection && settings.database.url.is_none());
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let file =
            "[server]\nlisten = \"0.0.0.0:1\"\nreflection = true\n[telemetry]\nsample_ratio = 1";
        let settings = read(
            file,
            &[
                ("OMNIA_SERVER__LISTEN", "[::1]:2"),
                ("OMNIA_SERVER__REFLECTION", "false"),
                ("OMNIA_EXPORT__BATCH_ROWS", "7"),
                ("OMNIA_TELEMETRY__FORMAT", "json"),
                ("OMNIA_ACCESS__ISSUER", "12"),
                ("OMNIA_CONFIG", "/etc/omnia.toml"),
                ("OMNIA_DATABASE__DATA_DIR", ""),
                ("PATH", "/bin"),
            ],
        )
        .unwrap();
        assert_eq!(settings.server.listen.to_string(), "[::1]:2");
        assert!(!settings.server.reflection);
        assert_eq!(settings.export.batch_rows, 7);
        assert_eq!(settings.telemetry.format, LogFormat::Json);
        assert_eq!(settings.access.issuer, "12");
        assert_eq!(settings.database.data_dir, None);
        assert_eq!(settings.telemetry.sample_ratio.to_string(), "1");
    }

    #[test]
    fn both_names_of_the_url_are_read_and_ours_wins() {
        let url = |environment: &[(&str, &str)]| {
            let settings = read("[database]\nurl = \"postgres://file/d\"", environment).unwrap();
            settings
                .database
                .url
                .map(|url| url.expose_secret().to_owned())
        };
        let plain = ("DATABASE_URL", "postgres://plain/d");
        let own = ("OMNIA_DATABASE__URL", "postgres://own/d");
        assert_eq!(url(&[]).as_deref(), Some("postgres://file/d"));
        assert_eq!(url(&[plain]).as_deref(), Some("postgres://plain/d"));
        assert_eq!(url(&[plain, own]).as_deref(), Some("postgres://own/d"));
    }

    #[test]
    fn passwords_are_not_in_debug() {
        let settings = read(
            "[database]\nowner_url = \"postgres://omnia:parolachiave@db/omnia\"",
            &[("DATABASE_URL", "postgres://s:parolachiave@db/omnia")],
        )
        .unwrap();
        let debug = format!("{settings:?} {settings:#?}");
        assert!(
            !debug.contains("parolachiave") && debug.contains("REDACTED"),
            "{debug}"
        );
    }

    #[test]
    fn what_nobody_reads_is_refused_by_name() {
        for (file, variable, named) in [
            ("[server]\nlisten_on = \"x\"", "", "listen_on"),
            ("[serverr]\nlisten = \"x\"", "", "serverr"),
            ("listen = \"x\"", "", "listen"),
            ("", "OMNIA_SERVER__LISTEN_ON", "listen_on"),
            ("", "OMNIA_SERVERR__LISTEN", "serverr"),
            ("", "OMNIA_SERVER_LISTEN", "OMNIA_SERVER_LISTEN"),
        ] {
            let error = read(file, &[(variable, "1")]).unwrap_err();
            assert!(
                error.contains("unknown") && error.contains(named),
                "{error}"
            );
        }
    }

    #[test]
    fn a_wrong_type_is_refused_by_name() {
        for (variable, named) in [
            ("OMNIA_EXPORT__BATCH_ROWS", "export.batch_rows"),
            ("OMNIA_SERVER__LISTEN", "server.listen"),
            ("OMNIA_SERVER__REFLECTION", "server.reflection"),
            ("OMNIA_TELEMETRY__FORMAT", "telemetry.format"),
            ("OMNIA_TELEMETRY__SAMPLE_RATIO", "telemetry.sample_ratio"),
        ] {
            let error = read("", &[(variable, "molti")]).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
        let error = read("[server\n", &[]).unwrap_err();
        assert!(error.starts_with("settings: "), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Settings::from_sources(Some("/nessuno/omnia.toml".as_ref()), []).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no settings file /nessuno/omnia.toml"
        );
    }
}
