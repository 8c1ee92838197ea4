//! What a user may do, as `GetMyAccess` says: by it pages know what to offer. The door decides by itself.

use crate::contract::proto::{ChiamataConsentita, GetMyAccessResponse};

/// The calls, filters and columns of a user.
#[derive(Debug, Clone, Default)]
pub(super) struct UserAccess(pub(super) GetMyAccessResponse);

impl UserAccess {
    /// Whether this call may be made: `"DecreeService/ListDecrees"`.
    pub(super) fn may(&self, rpc: &str) -> bool {
        self.call(rpc).is_some()
    }

    /// Whether this column of its answer is seen.
    pub(super) fn sees(&self, rpc: &str, column: &str) -> bool {
        let call = self.call(rpc);
        call.is_some_and(|call| call.colonne.iter().any(|own| own == column))
    }

    /// Whether this filter may be used in it.
    pub(super) fn filters_by(&self, rpc: &str, filter: &str) -> bool {
        let call = self.call(rpc);
        call.is_some_and(|call| call.filtri.iter().any(|own| own == filter))
    }

    fn call(&self, rpc: &str) -> Option<&ChiamataConsentita> {
        self.0.chiamate.iter().find(|call| call.rpc == rpc)
    }
}
