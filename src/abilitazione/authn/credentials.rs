//! What a caller presents: the headers that say who it is.

use http::{HeaderMap, HeaderName, header::AUTHORIZATION};

use crate::error::{Error, Reason, Result};

/// The header of the proof.
pub(in crate::abilitazione) const DPOP: HeaderName = HeaderName::from_static("dpop");
/// The header of the evidence.
pub(in crate::abilitazione) const TRACKING_EVIDENCE: HeaderName =
    HeaderName::from_static("agid-jwt-trackingevidence");

/// How the token is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthScheme {
    /// The holder of the token may use it.
    Bearer,
    /// Only the holder of the key that the token is bound to may use it.
    Dpop,
}

/// What a caller presents.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    /// How the token is presented.
    pub scheme: AuthScheme,
    /// The token.
    pub token: &'a str,
    /// The proof.
    pub proof: Option<&'a str>,
    /// The evidence.
    pub evidence: Option<&'a str>,
}

impl<'a> Credentials<'a> {
    /// Reads the headers of a call.
    ///
    /// # Errors
    /// [`Reason::TokenMissing`]; or a header that is there twice, or is not ASCII, by the reason of what it should hold.
    pub(super) fn read(headers: &'a HeaderMap) -> Result<Self> {
        let missing = |message: &'static str| Error::new(Reason::TokenMissing, message);
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = match (values.next(), values.next()) {
            (Some(value), None) => value,
            (None, _) => return Err(missing("there is no authorization in the metadata")),
            // A proxy before us may have looked at either of them.
            (Some(_), Some(_)) => {
                return Err(missing(
                    "there is more than one authorization in the metadata",
                ));
            }
        };
        let value = value
            .to_str()
            .map_err(|_| Error::new(Reason::TokenInvalid, "the authorization is not ASCII"))?;
        let (schema, token) = value
            .split_once(' ')
            .and_then(|(scheme, token)| {
                let schema = if scheme.eq_ignore_ascii_case("bearer") {
                    AuthScheme::Bearer
                } else if scheme.eq_ignore_ascii_case("dpop") {
                    AuthScheme::Dpop
                } else {
                    return None;
                };
                Some((schema, token.trim_start()))
            })
            .ok_or_else(|| {
                missing("the authorization is not `Bearer <token>` or `DPoP <voucher>`")
            })?;
        let only = |name, reason, bad: &'static str| {
            let mut values = headers.get_all(name).iter();
            match (values.next(), values.next()) {
                (None, _) => Ok(None),
                (Some(value), None) => value
                    .to_str()
                    .map(Some)
                    .map_err(|_| Error::new(reason, bad)),
                _ => Err(Error::new(reason, bad)),
            }
        };
        Ok(Self {
            scheme: schema,
            token,
            proof: only(
                DPOP,
                Reason::ProofInvalid,
                "there is more than one dpop in the metadata, or it is not ASCII",
            )?,
            evidence: only(
                TRACKING_EVIDENCE,
                Reason::EvidenceInvalid,
                "there is more than one agid-jwt-trackingevidence in the metadata, or it is not ASCII",
            )?,
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(headers: &[(&HeaderName, &[u8])]) -> Result<(AuthScheme, String), Reason> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        Credentials::read(&map)
            .map(|c| (c.scheme, c.token.to_owned()))
            .map_err(|error| error.reason)
    }

    #[test]
    fn there_is_one_authorization_and_it_is_bearer_or_dpop() {
        let a = &AUTHORIZATION;
        for (value, schema) in [
            ("Bearer t.o.k", AuthScheme::Bearer),
            ("bearer t.o.k", AuthScheme::Bearer),
            ("BEARER  t.o.k", AuthScheme::Bearer),
            ("DPoP t.o.k", AuthScheme::Dpop),
            ("dpop t.o.k", AuthScheme::Dpop),
        ] {
            let read = read(&[(a, value.as_bytes())]);
            assert_eq!(read, Ok((schema, "t.o.k".to_owned())), "{value}");
        }
        for missing in [
            &[][..],
            &[(a, &b"Bearer a"[..]), (a, b"Bearer a")],
            &[(a, b"Basic Zm9vOmJhcg==")],
            &[(a, b"Bearer")],
            &[(a, b"")],
            &[(a, b"t.o.k")],
        ] {
            assert_eq!(read(missing), Err(Reason::TokenMissing));
        }
        assert_eq!(
            read(&[(a, b"Bearer \xc3\xa8.b.c")]),
            Err(Reason::TokenInvalid)
        );
    }

    #[test]
    fn proof_and_evidence_come_once_or_not_at_all() {
        let token: (&HeaderName, &[u8]) = (&AUTHORIZATION, b"Bearer t.o.k");
        for (name, reason) in [
            (&DPOP, Reason::ProofInvalid),
            (&TRACKING_EVIDENCE, Reason::EvidenceInvalid),
        ] {
            assert!(read(&[token, (name, b"a")]).is_ok());
            assert_eq!(read(&[token, (name, b"a"), (name, b"a")]), Err(reason));
            assert_eq!(read(&[token, (name, b"\xc3\xa8")]), Err(reason));
        }
    }
}
