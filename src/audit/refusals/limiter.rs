//! How many refusals of each caller have a record of their own. It knows so many callers and no more.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::{caller::Caller, limits::RefusalLimits};

/// Callers with an allowance of their own.
const CALLERS: usize = 4096;
/// An allowance that was not used for so long is whole again, and its caller may be forgotten.
const WHOLE: Duration = Duration::from_secs(60);
/// Looking for those takes a moment, which a flood from everywhere must not cost at each call.
const SWEEP: Duration = Duration::from_secs(1);

/// Allowances by the minute: of each caller, of those for whom there is no room, and of all together.
#[derive(Debug)]
pub(super) struct Limiter {
    own: Quota,
    callers: HashMap<Caller, Allowance>,
    latecomers: DefaultDirectRateLimiter,
    all: DefaultDirectRateLimiter,
    swept: Instant,
}

#[derive(Debug)]
struct Allowance {
    limiter: DefaultDirectRateLimiter,
    seen: Instant,
}

impl Limiter {
    pub(super) fn new(limits: RefusalLimits, now: Instant) -> Self {
        let own = Quota::per_minute(limits.per_caller);
        Self {
            own,
            callers: HashMap::new(),
            latecomers: RateLimiter::direct(own),
            all: RateLimiter::direct(Quota::per_minute(limits.all)),
            swept: now,
        }
    }

    /// Whether this refusal has a record of its own.
    pub(super) fn admits(&mut self, caller: Caller, now: Instant) -> bool {
        self.own(caller, now) && self.all.check().is_ok()
    }

    fn own(&mut self, caller: Caller, now: Instant) -> bool {
        if let Some(allowance) = self.callers.get_mut(&caller) {
            allowance.seen = now;
            return allowance.limiter.check().is_ok();
        }
        if self.callers.len() >= CALLERS {
            self.sweep(now);
        }
        if self.callers.len() >= CALLERS {
            return self.latecomers.check().is_ok();
        }
        let limiter = RateLimiter::direct(self.own);
        let admitted = limiter.check().is_ok();
        let seen = now;
        self.callers.insert(caller, Allowance { limiter, seen });
        admitted
    }

    fn sweep(&mut self, now: Instant) {
        if now.saturating_duration_since(self.swept) < SWEEP {
            return;
        }
        self.swept = now;
        self.callers
            .retain(|_, allowance| now.saturating_duration_since(allowance.seen) < WHOLE);
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, num::NonZeroU32};

    use super::{super::caller::Network, *};

    /// By the minute: the tests are over before one more is given.
    fn limiter(per_caller: u32, all: u32, now: Instant) -> Limiter {
        let number = |n| NonZeroU32::new(n).unwrap();
        let limits = RefusalLimits {
            per_caller: number(per_caller),
            all: number(all),
            interval: Duration::MAX,
        };
        Limiter::new(limits, now)
    }

    fn caller(n: u32) -> Caller {
        Caller::Address(Some(Network::of(Ipv4Addr::from_bits(n).into())))
    }

    fn admitted(
        limiter: &mut Limiter,
        callers: impl IntoIterator<Item = u32>,
        now: Instant,
    ) -> usize {
        let admits = callers
            .into_iter()
            .filter(|n| limiter.admits(caller(*n), now));
        admits.count()
    }

    #[test]
    fn each_caller_has_its_own_and_all_have_a_bound() {
        let now = Instant::now();
        let mut limiter = limiter(3, 7, now);
        assert_eq!(admitted(&mut limiter, [1; 50], now), 3);
        assert_eq!(admitted(&mut limiter, [2; 50], now), 3);
        assert_eq!(admitted(&mut limiter, 3..50, now), 1);
    }

    #[test]
    fn it_knows_so_many_callers_and_no_more() {
        let now = Instant::now();
        let mut limiter = limiter(1, 1_000_000, now);
        let many = 3 * u32::try_from(CALLERS).unwrap();
        // One each, as long as there is room, and one for all the others.
        assert_eq!(admitted(&mut limiter, 0..many, now), CALLERS + 1);
        assert_eq!(limiter.callers.len(), CALLERS);
        // Those whose allowance is whole again make room; the one that still calls does not.
        let soon = now + WHOLE / 2;
        assert!(!limiter.admits(caller(0), soon));
        let later = now + WHOLE;
        assert!(limiter.admits(caller(many), later));
        assert_eq!(limiter.callers.len(), 2);
        assert!(!limiter.admits(caller(0), later));
    }
}
