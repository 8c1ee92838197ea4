//! The demo's own key: what signs tokens where there is no identity provider.
//!
//! ```text
//! <data_dir>/demo/chiave.pem   EC P-256 private key, readable by its owner only
//! <data_dir>/demo/jwks.json    its public half, for the service
//! ```
//!
//! The `kid` is the key's RFC 7638 thumbprint, so that one kid is one key.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::{abilitazione::authn::Jwks, clock::Clock, valori::name::is_name};

const KEY: &str = "chiave.pem";
const JWKS: &str = "jwks.json";

/// What may go wrong with the demo key.
#[derive(Debug, thiserror::Error)]
pub enum DemoKeyError {
    /// A file or directory.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others can read the key.
    #[error("{}: others than its owner can read this key (mode {mode:o}): delete it, and let `omnia demo` make another", path.display())]
    Readable {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Not a key.
    #[error("{}: not an EC P-256 private key", .0.display())]
    NotAKey(PathBuf),
    /// The subject cannot be that of a token.
    #[error(
        "a subject is 1 to 255 bytes without control, format or unseen characters and without blanks at its ends"
    )]
    Soggetto,
    /// The cryptographic library failed.
    #[error("the key cannot be made or used: {0}")]
    Crypto(String),
}

/// The demo key.
pub struct DemoKey {
    kid: String,
    point: Vec<u8>,
    signing: EncodingKey,
}

impl std::fmt::Debug for DemoKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DemoKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct DemoClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Where the JWK set of a demo directory is.
#[must_use]
pub fn jwks_path(dir: &Path) -> PathBuf {
    dir.join(JWKS)
}

/// The key of a demo directory; both files are made where they are missing.
///
/// # Errors
/// The files cannot be read or written, or are not what they should be.
pub fn create_or_load(dir: &Path) -> Result<DemoKey, DemoKeyError> {
    let path = dir.join(KEY);
    if !path
        .try_exists()
        .map_err(|source| io_error(&path, source))?
    {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|source| io_error(dir, source))?;
        let rng = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng)
            .map_err(|error| DemoKeyError::Crypto(error.to_string()))?;
        write(&path, 0o600, &pem(pkcs8.as_ref()))?;
    }
    let key = DemoKey::load(dir)?;
    let (path, jwks) = (jwks_path(dir), key.jwks());
    if fs::read_to_string(&path).is_ok_and(|text| text == jwks) {
        return Ok(key);
    }
    write(&path, 0o644, &jwks)?;
    Ok(key)
}

impl DemoKey {
    /// The key of a demo directory.
    ///
    /// # Errors
    /// There is none, others can read it, or it is not a key.
    pub fn load(dir: &Path) -> Result<Self, DemoKeyError> {
        let path = dir.join(KEY);
        let mode = fs::metadata(&path)
            .map_err(|source| io_error(&path, source))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            let mode = mode & 0o777;
            return Err(DemoKeyError::Readable { path, mode });
        }
        let pem = fs::read(&path).map_err(|source| io_error(&path, source))?;
        let not_a_key = || DemoKeyError::NotAKey(path.clone());
        let signing = EncodingKey::from_ec_pem(&pem).map_err(|_| not_a_key())?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, signing.as_bytes())
            .map_err(|_| not_a_key())?;
        let point = pair.public_key().as_ref().to_vec();
        let members = members(&point).ok_or_else(not_a_key)?;
        let thumbprint = digest::digest(&digest::SHA256, format!("{{{members}}}").as_bytes());
        Ok(Self {
            kid: BASE64_URL_SAFE_NO_PAD.encode(thumbprint),
            point,
            signing,
        })
    }

    /// Whether a service with these keys trusts what this key signs.
    #[must_use]
    pub fn is_trusted_by(&self, jwks: &Jwks) -> bool {
        jwks.has_ec_key(&self.kid, &self.point)
    }

    /// A token for `soggetto`, valid from now for `ore` hours.
    ///
    /// # Errors
    /// A text that cannot be a subject.
    pub fn token(
        &self,
        issuer: &str,
        audience: &str,
        soggetto: &str,
        ore: u32,
        clock: &Clock,
    ) -> Result<String, DemoKeyError> {
        if !is_name(soggetto) {
            return Err(DemoKeyError::Soggetto);
        }
        let now = clock.now().timestamp();
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.kid.clone());
        let claims = DemoClaims {
            iss: issuer,
            aud: audience,
            sub: soggetto,
            iat: now,
            nbf: now,
            exp: now + i64::from(ore) * 3600,
        };
        jsonwebtoken::encode(&header, &claims, &self.signing)
            .map_err(|error| DemoKeyError::Crypto(error.to_string()))
    }

    fn jwks(&self) -> String {
        // load() has made sure that the point has its members.
        let members = members(&self.point).unwrap_or_default();
        format!(
            "{{\"keys\": [{{\"kid\":\"{}\",\"use\":\"sig\",\"alg\":\"ES256\",{members}}}]}}\n",
            self.kid
        )
    }
}

/// The members of the JWK that are the key, in the order of the thumbprint.
fn members(point: &[u8]) -> Option<String> {
    let (x, y) = point.strip_prefix(&[4])?.split_at_checked(32)?;
    Some(format!(
        r#""crv":"P-256","kty":"EC","x":"{}","y":"{}""#,
        BASE64_URL_SAFE_NO_PAD.encode(x),
        BASE64_URL_SAFE_NO_PAD.encode(y)
    ))
}

fn pem(der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    for (i, c) in text.chars().enumerate() {
        if i > 0 && i % 64 == 0 {
            pem.push('\n');
        }
        pem.push(c);
    }
    pem.push_str("\n-----END PRIVATE KEY-----\n");
    pem
}

/// All of the file or nothing: beside it first, then in its place. It never has a wider mode, not even for a moment.
fn write(path: &Path, mode: u32, text: &str) -> Result<(), DemoKeyError> {
    let new = path.with_extension(format!("new.{}", std::process::id()));
    let write = || {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().map_err(|source| {
        // It may not be there; what matters is the first error.
        let _ = fs::remove_file(&new);
        io_error(path, source)
    })
}

fn io_error(path: &Path, source: io::Error) -> DemoKeyError {
    DemoKeyError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, header::AUTHORIZATION};

    use super::*;
    use crate::{
        abilitazione::authn::{Authenticator, IssuerKind, KeySource, TrustedIssuer},
        error::Reason,
    };

    #[test]
    fn the_key_is_made_once_and_private() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("demo");
        assert!(matches!(DemoKey::load(&dir), Err(DemoKeyError::Io { .. })));
        let first = create_or_load(&dir).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&dir.join(KEY))), (0o700, 0o600));
        let again = create_or_load(&dir).unwrap();
        assert_eq!((&first.kid, &first.point), (&again.kid, &again.point));
        assert_eq!(
            fs::read_dir(&dir).unwrap().count(),
            2,
            "no file left beside"
        );

        // A lost or foreign set is written anew.
        fs::write(jwks_path(&dir), "{}").unwrap();
        create_or_load(&dir).unwrap();
        let jwks = Jwks::from_file(&jwks_path(&dir)).unwrap();
        assert!(first.is_trusted_by(&jwks));

        fs::set_permissions(dir.join(KEY), fs::Permissions::from_mode(0o640)).unwrap();
        let error = create_or_load(&dir).unwrap_err().to_string();
        assert!(error.contains("mode 640"), "{error}");
        fs::set_permissions(dir.join(KEY), fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(dir.join(KEY), "rubbish").unwrap();
        assert!(matches!(
            create_or_load(&dir),
            Err(DemoKeyError::NotAKey(_))
        ));
    }

    #[tokio::test]
    async fn a_token_is_good_for_a_service_with_that_key_and_no_other() {
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = create_or_load(ours.path()).unwrap();
        let other = create_or_load(theirs.path()).unwrap();
        let clock = Clock::from_fn(|| chrono::DateTime::from_timestamp(1_795_000_000, 0).unwrap());
        let verify = async |dir: &Path, token: &str, later: i64| {
            let jwks = Jwks::from_file(&jwks_path(dir)).unwrap();
            let clock = Clock::from_fn(move || {
                chrono::DateTime::from_timestamp(1_795_000_000 + later, 0).unwrap()
            });
            let keys = KeySource::fixed(jwks, clock.clone());
            let emittente =
                TrustedIssuer::new(IssuerKind::Oidc, "iss", vec!["aud".to_owned()], keys);
            let authenticator = Authenticator::new(vec![emittente], 0, clock);
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
            let identity = authenticator
                .authenticate(
                    crate::contract::http_call::CallTarget::Grpc("S/M"),
                    &headers,
                )
                .await;
            identity
                .map(|(identity, _)| identity.soggetto().to_owned())
                .map_err(|error| error.reason)
        };
        let token = key.token("iss", "aud", "client", 2, &clock).unwrap();
        assert_eq!(
            verify(ours.path(), &token, 0).await,
            Ok("client".to_owned())
        );
        assert_eq!(
            verify(ours.path(), &token, 7199).await,
            Ok("client".to_owned())
        );
        assert_eq!(
            verify(ours.path(), &token, 7200).await,
            Err(Reason::TokenExpired)
        );
        assert_eq!(
            verify(theirs.path(), &token, 0).await,
            Err(Reason::TokenInvalid)
        );
        let jwks = Jwks::from_file(&jwks_path(ours.path())).unwrap();
        assert!(key.is_trusted_by(&jwks) && !other.is_trusted_by(&jwks));
        assert!(matches!(
            key.token("iss", "aud", " ", 2, &clock),
            Err(DemoKeyError::Soggetto)
        ));
    }
}
