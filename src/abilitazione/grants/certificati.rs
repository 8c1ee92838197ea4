//! The client certificates (mutual TLS) that a grant demands: any one of them is enough.

use std::collections::BTreeSet;

use crate::{
    error::{Error, Reason, Result},
    transport::connection::CertificateInfo,
    valori::ValueDefect,
};

const FORM: ValueDefect = ValueDefect::new(
    "must be `sha256:` and the 64 hexadecimal digits of a certificate, `dns:` and a name, or `uri:` and a URI",
    "deve essere `sha256:` e le 64 cifre esadecimali di un certificato, `dns:` e un nome, oppure `uri:` e un URI",
);
const MAX: usize = 64;
const MANY: ValueDefect = ValueDefect::new(
    "has more than 64 certificates",
    "contiene più di 64 certificati",
);

/// Fingerprints and names. None: no certificate is demanded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificati(BTreeSet<String>);

impl Certificati {
    /// Reads what is demanded. A fingerprint may have colons and capital letters, as OpenSSL prints it.
    ///
    /// # Errors
    /// One that no certificate could be, or too many of them.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, ValueDefect> {
        if texts.len() > MAX {
            return Err(MANY);
        }
        texts
            .iter()
            .map(|testo| canonical(testo.as_ref()).ok_or(FORM))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// As they are compared.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }

    /// Whether a connection with this client certificate, or without one, may be used.
    ///
    /// # Errors
    /// [`Reason::CertificateDenied`].
    pub fn admits(&self, certificate_info: Option<&CertificateInfo>) -> Result<()> {
        let right = |c: &CertificateInfo| self.0.iter().any(|asked| c.matches(asked));
        if self.0.is_empty() || certificate_info.is_some_and(right) {
            return Ok(());
        }
        Err(Error::new(
            Reason::CertificateDenied,
            "the grant demands a client certificate, and the connection has none or another",
        ))
    }
}

fn canonical(testo: &str) -> Option<String> {
    let graphic = |c: char| c.is_ascii_graphic();
    let (kind, what) = testo.split_once(':')?;
    if what.is_empty() || testo.len() > 255 || !what.chars().all(graphic) {
        return None;
    }
    match kind {
        "sha256" => {
            let digits = what.replace(':', "").to_ascii_lowercase();
            (digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
                .then(|| format!("sha256:{digits}"))
        }
        "dns" => Some(format!("dns:{}", what.to_ascii_lowercase())),
        "uri" => Some(testo.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn certificate(name: &str) -> CertificateInfo {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        CertificateInfo::from_der(params.self_signed(&key).unwrap().der()).unwrap()
    }

    #[test]
    fn what_is_demanded_is_read_strictly() {
        let zeros = "AA:".repeat(31) + "AA";
        let all = [
            &format!("sha256:{zeros}"),
            "dns:BE.mef.example",
            "uri:spiffe://mef/RGS",
        ];
        let texts = Certificati::parse(&all).unwrap().texts();
        let expected = format!("sha256:{}", "aa".repeat(32));
        assert_eq!(
            texts,
            [
                "dns:be.mef.example",
                expected.as_str(),
                "uri:spiffe://mef/RGS"
            ]
        );
        for bad in [
            "",
            "sha256:",
            "sha256:aa",
            "dns:",
            "dns:a b",
            "san:be.mef.example",
            "be.mef.example",
            "SHA256:aa",
            &"aa".repeat(32),
            &format!("sha256:{}", "zz".repeat(32)),
        ] {
            assert_eq!(Certificati::parse(&[bad]), Err(FORM), "{bad}");
        }
        assert_eq!(Certificati::parse(&["dns:a"; 65]), Err(MANY));
    }

    #[test]
    fn any_one_is_enough() {
        let (be, other) = (certificate("be.mef.example"), certificate("mef.example"));
        let ask = |asked: &[&str], certificate_info: Option<&CertificateInfo>| {
            let certificati = Certificati::parse(asked).unwrap();
            certificati.admits(certificate_info).map_err(|e| e.reason)
        };
        let denied = Err(Reason::CertificateDenied);
        let (dns, sha) = ("dns:be.mef.example", be.fingerprint());
        assert_eq!(ask(&[dns], Some(&be)), Ok(()));
        assert_eq!(ask(&[sha], Some(&be)), Ok(()));
        assert_eq!(ask(&["dns:x", sha], Some(&be)), Ok(()));
        assert_eq!(ask(&[other.fingerprint(), dns], Some(&other)), Ok(()));
        assert_eq!(ask(&[dns, sha], Some(&other)), denied);
        assert_eq!(ask(&[dns, sha], None), denied);
        assert_eq!(ask(&[], None), Ok(()));
        assert_eq!(ask(&[], Some(&other)), Ok(()));
    }
}
