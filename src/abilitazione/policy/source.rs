//! Where the policy's text comes from.

use std::{io, path::Path};

use aws_lc_rs::digest;

use crate::{crypto::hex::hex, transport::bounded_read::regular_file, valori::without_bom};

const MODEL: &str = include_str!("../../../policies/model.conf");
const POLICY: &str = include_str!("../../../policies/policy.csv");
/// No policy is so long: the one built in is some sixty times shorter.
const MAX_BYTES: u64 = 1024 * 1024;

/// The text of a model and of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySource {
    /// Text of `model.conf`.
    pub model: String,
    /// Text of `policy.csv`.
    pub policy: String,
}

impl PolicySource {
    /// What this program was built with.
    #[must_use]
    pub fn embedded() -> Self {
        Self {
            model: MODEL.to_owned(),
            policy: POLICY.to_owned(),
        }
    }

    /// `policy.csv` of a directory, with its `model.conf` where it has one and the embedded model where not.
    ///
    /// # Errors
    /// A file that cannot be read, is none, or is too long.
    pub fn from_dir(dir: &Path) -> io::Result<Self> {
        let read = |name: &str| -> io::Result<String> {
            let path = dir.join(name);
            let contents = regular_file(&path, MAX_BYTES).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?;
            let text = String::from_utf8(contents.bytes).map_err(|error| {
                let good =
                    String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
                let (line, column) = (
                    good.split('\n').count(),
                    good.rsplit('\n')
                        .next()
                        .map_or(0, |last| last.chars().count())
                        + 1,
                );
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{}:{line}:{column}: is not UTF-8", path.display()),
                )
            })?;
            Ok(without_bom(&text).to_owned())
        };
        let model = match read("model.conf") {
            Err(error) if error.kind() == io::ErrorKind::NotFound => MODEL.to_owned(),
            other => other?,
        };
        Ok(Self {
            model,
            policy: read("policy.csv")?,
        })
    }

    /// `from_dir` where a directory is set, else `embedded`.
    ///
    /// # Errors
    /// As [`PolicySource::from_dir`].
    pub fn of_settings(dir: Option<&Path>) -> io::Result<Self> {
        dir.map_or_else(|| Ok(Self::embedded()), Self::from_dir)
    }

    /// Twelve hex digits of the SHA-256 of both texts: the policy's version.
    #[must_use]
    pub fn version(&self) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(self.model.as_bytes());
        // No text holds a NUL, so no two pairs of texts are the same bytes.
        context.update(&[0]);
        context.update(self.policy.as_bytes());
        let hash = context.finish();
        hex(&hash.as_ref()[..6])
    }
}
