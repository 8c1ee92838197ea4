//! What all pages share.

use std::{fmt, sync::Arc, time::Duration};

use http::HeaderName;

use super::way_in::WayIn;
use crate::{
    abilitazione::sessions::{CookieKey, Sessions},
    clock::Clock,
};

/// What the pages are made with.
pub struct SiteParts {
    /// Who has signed in.
    pub sessions: Sessions,
    /// How one signs in.
    pub ways_in: Vec<WayIn>,
    /// The key of cookies.
    pub key: CookieKey,
    /// Whom to write to for a grant.
    pub contact: Option<String>,
    /// In which header proxies say where a request comes from.
    pub address_header: HeaderName,
    /// How long a form may take to come.
    pub patience: Duration,
    /// The time.
    pub clock: Clock,
}

/// The pages of a service. Cheap to clone.
#[derive(Clone)]
pub struct Site {
    pub(super) parts: Arc<SiteParts>,
}

impl Site {
    /// The pages.
    #[must_use]
    pub fn new(parts: SiteParts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Whether the data are invented.
    pub(super) fn is_demo(&self) -> bool {
        #[cfg(feature = "demo")]
        let demo = |way: &WayIn| matches!(way, WayIn::Demo(_));
        #[cfg(not(feature = "demo"))]
        let demo = |_: &WayIn| false;
        self.parts.ways_in.iter().any(demo)
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("ways_in", &self.parts.ways_in)
            .finish_non_exhaustive()
    }
}
