//! The hash chain: each record's impronta covers the record and, through the impronta before it, every earlier one.

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::crypto::hex::{hex, parse_32};

/// SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChainDigest(pub [u8; 32]);

impl ChainDigest {
    /// Of bytes as the database has them.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The impronta of `record`, which comes after this one.
    #[must_use]
    pub fn followed_by(self, record: &str) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(&self.0);
        context.update(record.as_bytes());
        let mut impronta = [0; 32];
        impronta.copy_from_slice(context.finish().as_ref());
        Self(impronta)
    }
}

impl std::fmt::Display for ChainDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl std::str::FromStr for ChainDigest {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_32(text)
            .map(Self)
            .ok_or("must be 64 hexadecimal digits")
    }
}

/// Where a chain stands: the position of its last record, and that record's impronta. A chain begins at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChainHead {
    /// 0 before the first record.
    pub numero: i64,
    /// Zeros before the first record.
    pub impronta: ChainDigest,
}

/// Where one chain stands.
#[derive(Debug, Serialize, Deserialize)]
pub struct CitedHead {
    /// The chain.
    pub catena: i64,
    /// Its last record.
    pub numero: i64,
    /// In hexadecimal.
    pub impronta: String,
}

impl CitedHead {
    /// The head, where it can be one.
    pub(super) fn head(&self) -> Option<ChainHead> {
        Some(ChainHead {
            numero: self.numero,
            impronta: self.impronta.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `printf '%064d' 0 | xxd -r -p | cat - <(printf a) | sha256sum` says.
    #[test]
    fn anybody_can_compute_it() {
        let a = ChainDigest::default().followed_by("a");
        assert_eq!(
            a.to_string(),
            "41a0370c3d9f42773a59e8e01651911cf43b1e3f66944cbb690029debc4eb647"
        );
        assert_eq!(a.to_string().parse(), Ok(a));
        let again = ChainDigest::default().followed_by("a");
        assert_eq!(a, again);
        assert_ne!(a.followed_by("b"), ChainDigest::default().followed_by("ab"));
        assert!(
            "".parse::<ChainDigest>().is_err() && "g".repeat(64).parse::<ChainDigest>().is_err()
        );
        assert!("+f".repeat(32).parse::<ChainDigest>().is_err());
    }
}
