//! The report sintetico (Messaggio 4648/2023, §2.1).
//!
//! One voce for each norm and benefit, five figures each. For DL109-2018-ART44 and CIGS in 2023, with an
//! appropriation of 50,000,000.00 and decrees of 2023 that authorise 12,000,000.00 and have paid 7,500,000.00:
//!
//! ```text
//! totale_stanziamenti  50000000.00   appropriations of the years that the periodo touches
//! importi_autorizzati  12000000.00   sum over the decrees whose validity falls in the periodo
//! importi_erogati       7500000.00   likewise
//! residuo_autorizzato  38000000.00   totale_stanziamenti − importi_autorizzati
//! residuo_pagato       42500000.00   totale_stanziamenti − importi_erogati
//! ```
//!
//! A voce is there if its norm and benefit have decrees or appropriations in the rilevazione at all: a periodo
//! changes its figures, not whether it is listed. Where the years of the periodo have no appropriation, the first
//! figure and both residui are absent: "no cap" and "a cap of zero" are different facts.

pub mod filtro;
pub mod query;
pub mod service;
