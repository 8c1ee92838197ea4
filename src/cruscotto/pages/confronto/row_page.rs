//! The rows of one page, cut out of a stream of lotti.
//!
//! A lotto has thousands of rows, and its token leads only to what follows all of it. So a page begins after a lotto, and so many rows more.

use crate::contract::proto::{Differenza, LottoDifferenze};

/// Rows of a page.
const ROWS: usize = 50;

/// Where a page begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RowPlace {
    /// `resume_token` of the lotto before. Empty: there is none.
    pub(super) token: String,
    /// Rows after that lotto which are of earlier pages.
    pub(super) skipped: usize,
}

/// A page that fills.
#[derive(Debug)]
pub(super) struct RowPage {
    place: RowPlace,
    pub(super) rows: Vec<Differenza>,
    /// Where the next page begins. `None`: as far as is known there is none.
    pub(super) next: Option<RowPlace>,
}

impl RowPage {
    /// That begins here.
    pub(super) fn new(place: RowPlace) -> Self {
        Self {
            place,
            rows: Vec::new(),
            next: None,
        }
    }

    /// Takes of a lotto what has room. A row that has none makes the next page.
    pub(super) fn take(&mut self, lotto: LottoDifferenze) {
        let RowPlace { token, skipped } = &self.place;
        let in_lotto = lotto.differenze.len();
        for (n, row) in lotto.differenze.into_iter().enumerate().skip(*skipped) {
            if self.rows.len() == ROWS {
                self.next = Some(RowPlace {
                    token: token.clone(),
                    skipped: n,
                });
                return;
            }
            self.rows.push(row);
        }
        self.place = RowPlace {
            token: lotto.resume_token,
            // The lotti may have been longer when the page before was made.
            skipped: skipped.saturating_sub(in_lotto),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All rows of a stream of lotti, page by page.
    fn pages(lotti: &[usize]) -> Vec<usize> {
        let stream: Vec<LottoDifferenze> = (1..)
            .zip(lotti)
            .map(|(n, &rows)| LottoDifferenze {
                differenze: vec![Differenza::default(); rows],
                resume_token: format!("{n}"),
            })
            .collect();
        let (mut sizes, mut place) = (Vec::new(), Some(RowPlace::default()));
        while let Some(begin) = place {
            let sent: usize = begin.token.parse().unwrap_or(0);
            let mut page = RowPage::new(begin);
            for lotto in &stream[sent..] {
                page.take(lotto.clone());
                if page.next.is_some() {
                    break;
                }
            }
            sizes.push(page.rows.len());
            place = page.next;
        }
        sizes
    }

    #[test]
    fn pages_are_full_but_for_the_last_and_have_each_row_once() {
        assert_eq!(pages(&[]), [0]);
        assert_eq!(pages(&[50]), [50]);
        assert_eq!(pages(&[51]), [50, 1]);
        assert_eq!(pages(&[50, 1]), [50, 1]);
        assert_eq!(pages(&[30, 30, 130, 2]), [50, 50, 50, 42]);
    }

    #[test]
    fn what_is_skipped_may_be_of_several_lotti() {
        let mut page = RowPage::new(RowPlace {
            token: String::new(),
            skipped: 5,
        });
        for _ in 0..3 {
            page.take(LottoDifferenze {
                differenze: vec![Differenza::default(); 3],
                resume_token: "x".to_owned(),
            });
        }
        assert_eq!(page.rows.len(), 4);
    }
}
