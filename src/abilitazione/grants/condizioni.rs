//! What a grant demands of each call besides its days: where from, when, with which certificate, for which purpose.

use chrono::{DateTime, Utc};

use crate::{abilitazione::grants::Aa07, error::Result, transport::canale::Canale};

/// The circumstances of a call.
#[derive(Debug, Clone, Copy)]
pub struct Contesto<'a> {
    /// When.
    pub istante: DateTime<Utc>,
    /// On which connection.
    pub canale: &'a Canale,
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
pub fn condizioni(aa07: &Aa07, contesto: &Contesto<'_>) -> Result<()> {
    aa07.reti.ammette(contesto.canale.indirizzo())?;
    aa07.orari.ammette(contesto.istante)?;
    // The handshake looked at its dates once, perhaps days ago.
    let certificato = contesto.canale.certificato();
    aa07.certificati
        .ammette(certificato.filter(|c| c.vale(contesto.istante)))?;
    aa07.finalita.ammette(contesto.finalita)
}
