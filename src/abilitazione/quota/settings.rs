//! `[quota]`: how much a subject may use where its grant does not say.
//!
//! ```toml
//! [quota]
//! al_secondo = 50              # for every profile that has none of its own
//! [quota.profilo.mef-sintesi]
//! al_secondo = 10
//! al_giorno = 20000
//! ```

use std::{collections::BTreeMap, num::NonZeroU32};

use serde::Deserialize;

/// `[quota]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuotaSettings {
    /// Calls a second of a subject, in each instance. Without it, no limit.
    pub al_secondo: Option<NonZeroU32>,
    /// Streams of a subject at the same time, in each instance. Without it, only `export.max_per_subject` and
    /// `export.max_concurrent`.
    pub esportazioni: Option<NonZeroU32>,
    /// Calls of a subject in a day (in Rome), in all instances together. Without it, no limit.
    pub al_giorno: Option<NonZeroU32>,
    /// The same for the subjects of one profile.
    pub profilo: BTreeMap<String, ProfiloQuotaSettings>,
}

/// `[quota.profilo.<name>]`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProfiloQuotaSettings {
    /// As [`QuotaSettings::al_secondo`].
    pub al_secondo: Option<NonZeroU32>,
    /// As [`QuotaSettings::esportazioni`].
    pub esportazioni: Option<NonZeroU32>,
    /// As [`QuotaSettings::al_giorno`].
    pub al_giorno: Option<NonZeroU32>,
}
