//! A refusal, as an explanation tells it.

use crate::{
    error::{Error, Reason, Result},
    grpc::status,
};

/// A refusal, in both languages.
#[derive(Debug, Clone)]
pub(super) struct CallRefusal {
    pub(super) motivo: Reason,
    pub(super) messaggio: String,
    pub(super) italian: &'static str,
}

impl CallRefusal {
    /// The refusal that an error is.
    ///
    /// # Errors
    /// The error, where it is none: the question could not be decided.
    pub(super) fn from_error(error: Error) -> Result<Self> {
        match status::refusal_text(error.reason) {
            Some(italian) => Ok(Self {
                motivo: error.reason,
                messaggio: error.message.into_owned(),
                italian,
            }),
            None => Err(error),
        }
    }
}
