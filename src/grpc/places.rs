//! Places that all callers share; no single caller can take the last ones.
//!
//! There are so many, and each who asks may have so many of them: a share. The places are few, so that who has some is kept in a map
//! that is never larger.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The places of one kind. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Places(Arc<PlacesInner>);

#[derive(Debug)]
struct PlacesInner {
    all: usize,
    each: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<String, usize>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// All are taken.
    All,
    /// Who asks has its share.
    Share,
}

/// A place, free again when it is dropped.
#[derive(Debug)]
pub struct TakenPlace {
    places: Places,
    who: String,
}

/// A half, so that there is always a place for a second one; where there is one place, that one.
#[must_use]
pub fn half(all: usize) -> usize {
    (all / 2).max(1)
}

impl Places {
    /// So many in all, and so many for each.
    #[must_use]
    pub fn new(all: usize, each: usize) -> Self {
        Self(Arc::new(PlacesInner {
            all,
            each,
            taken: Mutex::default(),
        }))
    }

    /// Takes a place for `who`.
    ///
    /// # Errors
    /// Why there is none.
    pub fn take(&self, who: &str) -> Result<TakenPlace, Full> {
        let mut taken = self.lock();
        // The share first: who has it is told what it can do something about.
        if taken.by.get(who).is_some_and(|n| *n >= self.0.each) {
            return Err(Full::Share);
        }
        if taken.all >= self.0.all {
            return Err(Full::All);
        }
        taken.all += 1;
        *taken.by.entry(who.to_owned()).or_default() += 1;
        drop(taken);
        Ok(TakenPlace {
            places: self.clone(),
            who: who.to_owned(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Counting up and down cannot stop half-way.
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TakenPlace {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all -= 1;
        if let Some(n) = taken.by.get_mut(&self.who) {
            *n -= 1;
            if *n == 0 {
                taken.by.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_more_than_a_share_and_all_have_no_more_than_there_are() {
        let places = Places::new(5, 2);
        let mut held = vec![places.take("a").unwrap(), places.take("a").unwrap()];
        assert_eq!(places.take("a").err(), Some(Full::Share));
        held.push(places.take("b").unwrap());
        held.push(places.take("b").unwrap());
        held.push(places.take("c").unwrap());
        assert_eq!(places.take("c").err(), Some(Full::All));
        assert_eq!(places.take("a").err(), Some(Full::Share));
        drop(held.remove(0));
        held.push(places.take("a").unwrap());
        drop(held);
        let taken = places.lock();
        assert!(taken.all == 0 && taken.by.is_empty());
    }

    #[test]
    fn half_of_them_is_never_all_where_there_are_two() {
        assert_eq!([1, 2, 3, 8].map(half), [1, 1, 1, 4]);
    }
}
