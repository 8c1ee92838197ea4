//! The client's certificate, as a grant may demand it.
//!
//! ```text
//! sha256:9f86d0…              the SHA-256 of the certificate's DER: this certificate and no other
//! dns:be.mef.example          a name of it (subjectAltName): whatever certificate the authority gives that name
//! uri:spiffe://mef/rgs
//! ```
//!
//! The subject's common name is not a name here (RFC 9525 does not use it, and authorities let it be anything).

use std::{collections::BTreeSet, fmt};

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::crypto::hex::hex;

/// A client certificate whose chain was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateInfo {
    impronta: String,
    name_list: BTreeSet<String>,
    valid_from: DateTime<Utc>,
    expiry: DateTime<Utc>,
}

/// A certificate that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateParseError(String);

impl fmt::Display for CertificateParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an X.509 certificate: {}", self.0)
    }
}

impl std::error::Error for CertificateParseError {}

impl CertificateInfo {
    /// Reads the DER of a certificate. Its chain was verified before.
    ///
    /// # Errors
    /// The bytes are not one certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateParseError> {
        let (rest, parsed) = X509Certificate::from_der(der)
            .map_err(|error| CertificateParseError(error.to_string()))?;
        if !rest.is_empty() {
            return Err(CertificateParseError("there is more after it".to_owned()));
        }
        let names = parsed
            .subject_alternative_name()
            .map_err(|error| CertificateParseError(error.to_string()))?;
        let name_list = names
            .iter()
            .flat_map(|names| &names.value.general_names)
            .filter_map(|name| match name {
                GeneralName::DNSName(dns) => Some(format!("dns:{}", dns.to_ascii_lowercase())),
                GeneralName::URI(uri) => Some(format!("uri:{uri}")),
                // Other kinds do not name a system.
                _ => None,
            })
            .collect();
        let instant = |seconds| {
            DateTime::from_timestamp(seconds, 0)
                .ok_or_else(|| CertificateParseError("its dates are out of range".to_owned()))
        };
        let hash = digest::digest(&digest::SHA256, der);
        Ok(Self {
            impronta: format!("sha256:{}", hex(hash.as_ref())),
            name_list,
            valid_from: instant(parsed.validity().not_before.timestamp())?,
            expiry: instant(parsed.validity().not_after.timestamp())?,
        })
    }

    /// `sha256:` and 64 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.impronta
    }

    /// Its names: `dns:…`, in small letters, and `uri:…`.
    #[must_use]
    pub fn names(&self) -> &BTreeSet<String> {
        &self.name_list
    }

    /// Its first instant.
    #[must_use]
    pub fn not_before(&self) -> DateTime<Utc> {
        self.valid_from
    }

    /// Its last instant.
    #[must_use]
    pub fn not_after(&self) -> DateTime<Utc> {
        self.expiry
    }

    /// Whether it is valid at an instant: a connection may outlive the certificate that it was opened with.
    #[must_use]
    pub fn is_valid_at(&self, istante: DateTime<Utc>) -> bool {
        (self.valid_from..=self.expiry).contains(&istante)
    }

    /// Whether it is what a grant demands: `sha256:…` (or the digits alone, in any case, with or without colons),
    /// `dns:…` or `uri:…`. A text of another form demands what no certificate has.
    #[must_use]
    pub fn matches(&self, asked: &str) -> bool {
        if let Some(dns) = asked.strip_prefix("dns:") {
            return self
                .name_list
                .contains(&format!("dns:{}", dns.to_ascii_lowercase()));
        }
        if asked.starts_with("uri:") {
            return self.name_list.contains(asked);
        }
        let digits = asked.strip_prefix("sha256:").unwrap_or(asked);
        let digits = digits.replace(':', "").to_ascii_lowercase();
        self.impronta.strip_prefix("sha256:") == Some(digits.as_str())
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    fn der() -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["Be.MEF.example".to_owned()]).unwrap();
        let uri = "spiffe://mef/rgs".try_into().unwrap();
        params.subject_alt_names.push(SanType::URI(uri));
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn a_certificate_is_its_fingerprint_and_its_names() {
        let der = der();
        let certificate = CertificateInfo::from_der(&der).unwrap();
        let name_list: Vec<&str> = certificate.names().iter().map(String::as_str).collect();
        assert_eq!(name_list, ["dns:be.mef.example", "uri:spiffe://mef/rgs"]);
        let hex = certificate.fingerprint().strip_prefix("sha256:").unwrap();
        let pairs: Vec<&str> = (0..32).map(|i| &hex[2 * i..2 * i + 2]).collect();
        let openssl = pairs.join(":").to_uppercase();
        for same in [
            certificate.fingerprint(),
            hex,
            &openssl,
            "dns:be.mef.example",
            "dns:BE.mef.example",
            "uri:spiffe://mef/rgs",
        ] {
            assert!(certificate.matches(same), "{same}");
        }
        for other in [
            "",
            "sha256:",
            &hex[..62],
            &hex.replace(|c: char| c.is_ascii_digit(), "0"),
            "be.mef.example",
            "dns:",
            "dns:*.mef.example",
            "dns:mef.example",
            "uri:SPIFFE://mef/rgs",
            "uri:spiffe://mef",
        ] {
            assert!(!certificate.matches(other), "{other}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let der = der();
        let longer = [der.as_slice(), &[0]].concat();
        for bytes in [&[][..], b"garbage", &der[..der.len() - 1], &longer] {
            assert!(CertificateInfo::from_der(bytes).is_err());
        }
    }
}
