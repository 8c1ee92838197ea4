//! The hours of the week at which a grant may be used, in Europe/Rome.
//!
//! ```text
//! lun-ven 08:00-18:30        from Monday to Friday, from 08:00 to just before 18:30
//! sab 08:00-13:00
//! dom,mer 22:00-24:00        a span ends in its day: over midnight takes two, this one and `lun,gio 00:00-06:00`
//! ```
//!
//! They are the hours of the clock on the wall: when it goes back in October, an hour that comes twice is admitted twice, and
//! when it goes forward in March, the skipped hour does not occur.

use std::fmt;

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use chrono_tz::Europe::Rome;

use crate::{
    error::{Error, Reason, Result},
    valori::ValueDefect,
};

const FORM: ValueDefect = ValueDefect::new(
    "must be days and hours in Europe/Rome: `lun-ven 08:00-18:30`, `sab,dom 09:00-24:00`",
    "deve indicare giorni e ore: `lun-ven 08:00-18:30`, `sab,dom 09:00-24:00`",
);
const ORDER: ValueDefect = ValueDefect::new(
    "a span of hours must end after it begins: one over midnight is written as two, `ven 22:00-24:00` and `sab 00:00-06:00`",
    "una fascia oraria deve finire dopo l'inizio: se supera la mezzanotte si scrive in due, `ven 22:00-24:00` e `sab 00:00-06:00`",
);
const MAX: usize = 32;
const MANY: ValueDefect = ValueDefect::new(
    "has more than 32 spans of hours",
    "contiene più di 32 fasce orarie",
);

const DAY_NAMES: [&str; 7] = ["lun", "mar", "mer", "gio", "ven", "sab", "dom"];

/// Spans of hours. None: always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orari(Vec<HourSpan>);

/// From a minute of some days to just before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct HourSpan {
    /// Monday is the first.
    giorni: [bool; 7],
    /// Minutes from midnight.
    dal: u32,
    al: u32,
}

impl Orari {
    /// Reads spans.
    ///
    /// # Errors
    /// One that is no span, or too many of them.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, ValueDefect> {
        if texts.len() > MAX {
            return Err(MANY);
        }
        texts
            .iter()
            .map(|testo| HourSpan::parse(testo.as_ref()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The spans, as they are read.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(HourSpan::to_string).collect()
    }

    /// Whether a call may be made at an instant.
    ///
    /// # Errors
    /// [`Reason::HoursDenied`].
    pub fn admits(&self, istante: DateTime<Utc>) -> Result<()> {
        let now = istante.with_timezone(&Rome);
        let giorno = now.weekday().num_days_from_monday() as usize;
        let minute = now.hour() * 60 + now.minute();
        let inside = |span: &HourSpan| {
            span.giorni.get(giorno) == Some(&true) && (span.dal..span.al).contains(&minute)
        };
        if self.0.is_empty() || self.0.iter().any(inside) {
            return Ok(());
        }
        Err(Error::new(
            Reason::HoursDenied,
            "the grant does not admit calls at this hour of the week in Europe/Rome",
        ))
    }
}

impl HourSpan {
    fn parse(testo: &str) -> Result<Self, ValueDefect> {
        let (giorni, ore) = testo.split_once(' ').ok_or(FORM)?;
        let (dal, al) = ore.split_once('-').ok_or(FORM)?;
        let span = Self {
            giorni: days(giorni).ok_or(FORM)?,
            dal: minutes(dal).ok_or(FORM)?,
            al: minutes(al).ok_or(FORM)?,
        };
        if span.al <= span.dal {
            return Err(ORDER);
        }
        Ok(span)
    }
}

fn days(testo: &str) -> Option<[bool; 7]> {
    let day = |nome: &str| DAY_NAMES.iter().position(|giorno| *giorno == nome);
    let mut giorni = [false; 7];
    for parte in testo.split(',') {
        let (dal, al) = parte.split_once('-').unwrap_or((parte, parte));
        let (dal, al) = (day(dal)?, day(al)?);
        // `sab-lun` goes over Sunday.
        let days_later = (al + 7 - dal) % 7;
        for i in 0..=days_later {
            *giorni.get_mut((dal + i) % 7)? = true;
        }
    }
    Some(giorni)
}

/// `HH:MM`, up to `24:00`.
fn minutes(testo: &str) -> Option<u32> {
    let two = |testo: &str| -> Option<u32> {
        (testo.len() == 2 && testo.bytes().all(|b| b.is_ascii_digit()))
            .then(|| testo.parse().ok())?
    };
    let (ore, minutes) = testo.split_once(':')?;
    let (ore, minutes) = (two(ore)?, two(minutes)?);
    let minute = ore * 60 + minutes;
    (minutes < 60 && minute <= 24 * 60).then_some(minute)
}

impl fmt::Display for HourSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut next = 0;
        while next < 7 {
            let run = self.giorni.iter().skip(next).take_while(|g| **g).count();
            match (
                run,
                DAY_NAMES.get(next),
                DAY_NAMES.get(next + run.max(1) - 1),
            ) {
                (0, _, _) => {}
                (1, Some(giorno), _) => write!(f, "{separator}{giorno}")?,
                (_, Some(first), Some(last)) => write!(f, "{separator}{first}-{last}")?,
                _ => {}
            }
            if run > 0 {
                separator = ",";
            }
            next += run.max(1);
        }
        let Self { dal, al, .. } = self;
        let (dal, al) = ((dal / 60, dal % 60), (al / 60, al % 60));
        write!(f, " {:02}:{:02}-{:02}:{:02}", dal.0, dal.1, al.0, al.1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn orari(texts: &[&str]) -> Orari {
        Orari::parse(texts).unwrap()
    }

    fn open(orari: &Orari, istante: &str) -> bool {
        orari.admits(istante.parse().unwrap()).is_ok()
    }

    #[test]
    fn a_span_is_read_strictly_and_spelt_one_way() {
        for (testo, spelt) in [
            ("lun-ven 08:00-18:30", "lun-ven 08:00-18:30"),
            ("ven,lun 00:00-24:00", "lun,ven 00:00-24:00"),
            ("sab-lun 09:00-09:01", "lun,sab-dom 09:00-09:01"),
            ("lun,mar,mer,dom 09:00-10:00", "lun-mer,dom 09:00-10:00"),
        ] {
            assert_eq!(orari(&[testo]).texts(), [spelt]);
        }
        for bad in [
            "",
            "08:00-18:30",
            "lun-ven",
            "lun-ven  08:00-18:30",
            "lun-ven 8:00-18:30",
            "lun-ven 08:00-24:01",
            "lun-ven 08:60-18:30",
            "mon-fri 08:00-18:30",
            "Lun 08:00-18:30",
            "lun- 08:00-18:30",
            "lun, 08:00-18:30",
            "lun 08:00-18:30 ",
            "lun +8:00-18:30",
            "lun 08:00–18:30",
        ] {
            assert_eq!(Orari::parse(&[bad]), Err(FORM), "{bad}");
        }
        for over in ["ven 22:00-06:00", "ven 08:00-08:00"] {
            assert_eq!(Orari::parse(&[over]), Err(ORDER), "{over}");
        }
        assert_eq!(Orari::parse(&["lun 08:00-09:00"; 33]), Err(MANY));
    }

    #[test]
    fn the_hours_are_romes() {
        let office = orari(&["lun-ven 08:00-18:30", "sab 08:00-13:00"]);
        // 23 November 2026 is a Monday; Rome is one hour ahead of UTC in winter, two in summer.
        for (istante, expected) in [
            ("2026-11-23T06:59:59Z", false),
            ("2026-11-23T07:00:00Z", true),
            ("2026-11-23T17:29:59.999Z", true),
            ("2026-11-23T17:30:00Z", false),
            ("2026-11-28T11:59:59Z", true),
            ("2026-11-28T12:00:00Z", false),
            ("2026-11-29T10:00:00Z", false),
            ("2026-07-20T05:59:59Z", false),
            ("2026-07-20T06:00:00Z", true),
        ] {
            assert_eq!(open(&office, istante), expected, "{istante}");
        }
        assert!(open(&Orari::default(), "2026-11-29T02:00:00Z"));
        // The day is Rome's too: Sunday 23:30 UTC is Monday there.
        let monday = orari(&["lun 00:00-24:00"]);
        assert!(open(&monday, "2026-11-22T23:30:00Z"));
        assert!(!open(&monday, "2026-11-23T23:00:00Z"));
    }

    #[test]
    fn when_the_clock_changes() {
        // 25 October 2026, Sunday: 02:00-03:00 comes twice. 29 March 2026, Sunday: it does not come.
        let night = orari(&["dom 02:00-03:00"]);
        for (istante, expected) in [
            ("2026-10-24T23:59:59Z", false),
            ("2026-10-25T00:00:00Z", true),
            ("2026-10-25T01:30:00Z", true),
            ("2026-10-25T02:00:00Z", false),
            ("2026-03-29T00:59:59Z", false),
            ("2026-03-29T01:00:00Z", false),
        ] {
            assert_eq!(open(&night, istante), expected, "{istante}");
        }
    }

    proptest! {
        #[test]
        fn what_is_spelt_is_read_again(
            spans in prop::collection::vec((1..128_u8, 0..1440_u32, 1..=1440_u32), 0..5)
        ) {
            let hour_spans = spans.iter().filter(|(_, dal, al)| dal < al).map(|&(days, dal, al)| HourSpan {
                giorni: std::array::from_fn(|i| days >> i & 1 == 1),
                dal,
                al,
            });
            let orari = Orari(hour_spans.collect());
            prop_assert_eq!(Orari::parse(&orari.texts()), Ok(orari));
        }

        #[test]
        fn garbage_never_panics(testo in "\\PC{0,40}") {
            let _ = Orari::parse(&[testo]);
        }

        /// An hour of the week is inside exactly where the local wall clock, formatted, says so.
        #[test]
        fn inside_as_the_wall_clock_says(seconds in 1_700_000_000..1_900_000_000_i64, day in 0..7_usize, from in 0..24_u32) {
            let istante = DateTime::from_timestamp(seconds, 0).unwrap();
            let orari = orari(&[&format!("{} {from:02}:00-{:02}:00", DAY_NAMES[day], from + 1)]);
            let wall = istante.with_timezone(&Rome).format("%u %H").to_string();
            prop_assert_eq!(orari.admits(istante).is_ok(), wall == format!("{} {from:02}", day + 1));
        }
    }
}
