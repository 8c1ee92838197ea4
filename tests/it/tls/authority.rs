//! Certificates made for the tests.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType,
};

/// An authority that signs certificates.
pub(crate) struct TestAuthority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

/// A certificate and its key.
pub(super) struct IssuedCertificate {
    pub(crate) pem: String,
    pub(super) key: String,
    pub(super) der: Vec<u8>,
}

impl TestAuthority {
    pub(super) fn new(name: &str) -> Self {
        Self::with(name, |_| ())
    }

    /// An authority whose own certificate is changed before it is made.
    pub(super) fn with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// For this name.
    pub(super) fn issue(&self, dns: &str) -> IssuedCertificate {
        self.issue_with(dns, |_| ())
    }

    /// For this name, changed before it is made.
    pub(super) fn issue_with(
        &self,
        dns: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> IssuedCertificate {
        let mut params = CertificateParams::new(vec![dns.to_owned()]).unwrap();
        params
            .subject_alt_names
            .push(SanType::IpAddress([127, 0, 0, 1].into()));
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        IssuedCertificate {
            pem: certificate.pem(),
            key: key.serialize_pem(),
            der: certificate.der().to_vec(),
        }
    }
}
