//! What a grant demands of each call besides its days: where from, when, with which certificate, for which purpose.

use chrono::{DateTime, Utc};

use crate::{abilitazione::grants::Aa07, error::Result, transport::connection::ClientConnection};

/// The circumstances of a call.
#[derive(Debug, Clone, Copy)]
pub struct CallContext<'a> {
    /// When.
    pub istante: DateTime<Utc>,
    /// On which connection.
    pub connection: &'a ClientConnection,
    /// The purpose of the voucher; `None`: the token names none.
    pub finalita: Option<&'a str>,
}

/// Whether a grant admits a call in these circumstances. A grant that says nothing of one of them admits all.
///
/// # Errors
/// The first that is not met, in this order: [`Reason::NetworkDenied`](crate::error::Reason::NetworkDenied),
/// [`Reason::HoursDenied`](crate::error::Reason::HoursDenied),
/// [`Reason::CertificateDenied`](crate::error::Reason::CertificateDenied),
/// [`Reason::PurposeDenied`](crate::error::Reason::PurposeDenied).
pub fn check_grant_conditions(aa07: &Aa07, context: &CallContext<'_>) -> Result<()> {
    aa07.reti.admits(context.connection.address())?;
    aa07.orari.admits(context.istante)?;
    // The handshake looked at its dates once, perhaps days ago.
    let certificate = context.connection.certificate();
    aa07.certificati
        .admits(certificate.filter(|c| c.is_valid_at(context.istante)))?;
    aa07.finalita.admits(context.finalita)
}
