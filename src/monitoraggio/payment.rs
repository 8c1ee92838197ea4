//! What of the competenza of a year will be paid.
//!
//! The decrees of a month were paid so much, and by the factors of the triangle ([`super::triangle`]) what is paid grows with their age. So the
//! paid share of each cohort in a month of competenza is multiplied by the factors from its age on, up to the first age without one. What
//! cohorts are expected to be paid in the end, divided by what was authorised for them, is the tiraggio in the end. A cohort without any
//! payment that is younger than the oldest age with a factor is expected to be paid at that tiraggio, and so are decrees that are yet to be
//! dated. One that is older fell through, and is expected to be paid nothing.

use super::{accruals::Accruals, method::ExpectedMonths, ratio::Ratio, triangle::Triangle};
use crate::valori::Month;

/// How what is paid grows, as a triangle says.
#[derive(Debug, Clone)]
pub(super) struct Payments {
    /// By what a cohort of each age is multiplied. Older ones are not.
    growth: Vec<Ratio>,
    /// In the end, of what was authorised.
    tiraggio: Ratio,
    reference: Month,
}

impl Payments {
    /// What the triangle says in a rilevazione of this reference month. `None`: it has no factor, or nothing was paid.
    pub(super) fn of(triangle: &Triangle, accruals: &Accruals, reference: Month) -> Option<Self> {
        let factors = triangle.factors();
        let chain: Vec<Ratio> = factors.iter().map_while(|factor| factor.value).collect();
        // From the oldest: each product is rounded to six decimals.
        let mut growth = vec![Ratio::ONE; chain.len()];
        let mut product = Ratio::ONE;
        for (growth, factor) in growth.iter_mut().zip(&chain).rev() {
            product = product.times(*factor);
            *growth = product;
        }
        if growth.is_empty() {
            return None;
        }
        let mut payments = Self {
            growth,
            tiraggio: Ratio::ONE,
            reference,
        };
        let (mut authorised, mut paid) = (0, 0);
        for (dated, [of_cohort, paid_so_far]) in accruals.by_cohort() {
            if paid_so_far > 0 {
                authorised += of_cohort;
                paid += payments.growth(dated).of_cents(paid_so_far);
            }
        }
        payments.tiraggio = Ratio::of(paid, authorised)?;
        Some(payments)
    }

    /// By month of competenza of a year: what will be paid in the end, what is paid already included.
    pub(super) fn in_the_end(
        &self,
        accruals: &Accruals,
        expected: &ExpectedMonths,
        year: i32,
    ) -> [i128; 12] {
        let mut months = expected.map(|cents| self.tiraggio.of_cents(cents));
        let totals = accruals.by_cohort().collect::<Vec<_>>();
        for ((dated, shares), (_, [_, paid_so_far])) in accruals.cohorts(year).zip(totals) {
            for (month, [authorised, paid]) in months.iter_mut().zip(shares) {
                *month += match paid_so_far {
                    0 if self.is_young(dated) => self.tiraggio.of_cents(authorised),
                    0 => 0,
                    _ => self.growth(dated).of_cents(paid),
                };
            }
        }
        months
    }

    fn age(&self, dated: Month) -> usize {
        // Decrees of the future have the age of the youngest.
        usize::try_from(self.reference.since(dated)).unwrap_or_default()
    }

    fn growth(&self, dated: Month) -> Ratio {
        let growth = self.growth.get(self.age(dated));
        growth.copied().unwrap_or(Ratio::ONE)
    }

    fn is_young(&self, dated: Month) -> bool {
        self.age(dated) < self.growth.len()
    }
}
