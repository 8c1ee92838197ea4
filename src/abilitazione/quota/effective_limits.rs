//! Which quotas hold for a grant.

use super::settings::QuotaSettings;
use crate::abilitazione::grants::Quote;

/// Its own, else its profile's, else everybody's; each of the three by itself.
pub(super) fn effective_limits(quota: &QuotaSettings, profilo: &str, own: &Quote) -> Quote {
    let profilo = quota.profilo.get(profilo).copied().unwrap_or_default();
    Quote {
        al_secondo: own.al_secondo.or(profilo.al_secondo).or(quota.al_secondo),
        esportazioni: own
            .esportazioni
            .or(profilo.esportazioni)
            .or(quota.esportazioni),
        al_giorno: own.al_giorno.or(profilo.al_giorno).or(quota.al_giorno),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::{super::settings::ProfiloQuotaSettings, *};

    #[test]
    fn the_grant_comes_first_then_the_profile_then_everybody() {
        let n = NonZeroU32::new;
        let quote = |al_secondo, esportazioni, al_giorno| Quote {
            al_secondo: n(al_secondo),
            esportazioni: n(esportazioni),
            al_giorno: n(al_giorno),
        };
        let rgs = ProfiloQuotaSettings {
            esportazioni: n(3),
            al_giorno: n(4),
            ..ProfiloQuotaSettings::default()
        };
        let quota = QuotaSettings {
            al_secondo: n(1),
            esportazioni: n(2),
            al_giorno: None,
            profilo: [("mef-rgs".to_owned(), rgs)].into(),
        };
        let own = quote(0, 0, 5);
        assert_eq!(effective_limits(&quota, "mef-rgs", &own), quote(1, 3, 5));
        assert_eq!(
            effective_limits(&quota, "mef-sintesi", &Quote::default()),
            quote(1, 2, 0)
        );
    }
}
