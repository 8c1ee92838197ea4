//! The course of a year against its cap: what is accounted, what is expected, and what earlier years were.
//!
//! ```text
//! ═══════════════════════════════ the cap
//!                      ┊      ◇      expected, dashed, in a band that says so
//!                 ■────┊─■──■        authorised, cumulated
//!       ■────■──●──────┊─●──●        paid, cumulated
//! ■────●                             earlier years, thin and grey, each with its number at its end
//! gen feb mar apr …
//! ```
//!
//! Lines differ in their marks and dashes, so that they are told apart in black and white. Coordinates are whole units of the picture.

use rust_decimal::Decimal;

use super::axis::AmountAxis;

/// The picture, and in it the frame that is drawn in.
const WIDTH: i64 = 960;
const HEIGHT: i64 = 460;
const LEFT: i64 = 64;
const RIGHT: i64 = 900;
const TOP: i64 = 48;
const BOTTOM: i64 = 420;
/// Lines of text are so far apart at least.
const TEXT: i64 = 15;

/// Twelve amounts, cumulated from January. Of a column that is not seen there are none.
pub(in crate::cruscotto) type Months = Vec<Decimal>;

/// What is drawn.
#[derive(Debug, Clone, Default)]
pub(in crate::cruscotto) struct YearFigures {
    pub(in crate::cruscotto) authorised: Option<Months>,
    pub(in crate::cruscotto) paid: Option<Months>,
    /// With the first month that is estimated, counted from zero.
    pub(in crate::cruscotto) expected: Option<(usize, Months)>,
    /// With what stands at its line.
    pub(in crate::cruscotto) cap: Option<(Decimal, String)>,
    /// Authorised in earlier years, each with its number.
    pub(in crate::cruscotto) earlier: Vec<(i32, Months)>,
}

/// The picture of a year.
#[derive(Debug, Clone)]
pub(in crate::cruscotto) struct YearChart {
    pub(in crate::cruscotto) width: i64,
    pub(in crate::cruscotto) height: i64,
    pub(in crate::cruscotto) left: i64,
    pub(in crate::cruscotto) right: i64,
    pub(in crate::cruscotto) top: i64,
    pub(in crate::cruscotto) bottom: i64,
    /// What it is, and what it shows, in words.
    pub(in crate::cruscotto) title: String,
    pub(in crate::cruscotto) description: String,
    pub(in crate::cruscotto) unit: &'static str,
    /// Round amounts, each at its height.
    pub(in crate::cruscotto) ticks: Vec<ChartLabel>,
    pub(in crate::cruscotto) months: Vec<ChartLabel>,
    pub(in crate::cruscotto) cap: Option<CapLine>,
    pub(in crate::cruscotto) authorised: Option<DrawnLine>,
    pub(in crate::cruscotto) paid: Option<DrawnLine>,
    pub(in crate::cruscotto) expected: Option<DrawnLine>,
    /// Where the band of what is expected begins.
    pub(in crate::cruscotto) band: Option<i64>,
    pub(in crate::cruscotto) earlier: Vec<DrawnLine>,
    /// Where lines end.
    pub(in crate::cruscotto) end: i64,
    /// The numbers of the earlier years, none upon another.
    pub(in crate::cruscotto) years: Vec<EndLabel>,
}

/// A text at a place of one axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cruscotto) struct ChartLabel {
    pub(in crate::cruscotto) at: i64,
    pub(in crate::cruscotto) text: String,
}

/// A text beside the frame, for a line that ends elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cruscotto) struct EndLabel {
    pub(in crate::cruscotto) y: i64,
    pub(in crate::cruscotto) line_y: i64,
    pub(in crate::cruscotto) text: String,
}

/// A cap: its height, and its text's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cruscotto) struct CapLine {
    pub(in crate::cruscotto) y: i64,
    pub(in crate::cruscotto) text_y: i64,
    pub(in crate::cruscotto) text: String,
}

/// A line, and its marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cruscotto) struct DrawnLine {
    /// As the attribute `points` has it.
    pub(in crate::cruscotto) points: String,
    pub(in crate::cruscotto) marks: Vec<(i64, i64)>,
}

impl YearChart {
    /// Of these figures; the months are written as in `names`. `None`: all of them are zero.
    pub(in crate::cruscotto) fn draw(
        figures: &YearFigures,
        names: &[String],
        title: String,
        description: String,
    ) -> Option<Self> {
        let expected = figures.expected.as_ref().map(|(_, months)| months);
        let drawn = [&figures.authorised, &figures.paid]
            .into_iter()
            .flatten()
            .chain(expected)
            .chain(figures.earlier.iter().map(|(_, months)| months));
        let cap = figures.cap.as_ref().map(|(cap, _)| *cap);
        let highest = drawn.flatten().copied().chain(cap).max();
        let axis = AmountAxis::up_to(highest.filter(|highest| !highest.is_zero())?);
        let y = |amount: Decimal| height(amount, axis.top);
        let line = |months: &Months| {
            DrawnLine::through(months.iter().enumerate().map(|(n, own)| (x(n), y(*own))))
        };
        Some(Self {
            width: WIDTH,
            height: HEIGHT,
            left: LEFT,
            right: RIGHT,
            top: TOP,
            bottom: BOTTOM,
            title,
            description,
            unit: axis.unit,
            ticks: label(
                axis.ticks
                    .iter()
                    .map(|(amount, text)| (y(*amount), text.clone())),
            ),
            months: label(
                names
                    .iter()
                    .enumerate()
                    .map(|(n, name)| (x(n), name.clone())),
            ),
            cap: figures.cap.as_ref().map(|(cap, text)| CapLine {
                y: y(*cap),
                text_y: y(*cap) - 8,
                text: text.clone(),
            }),
            authorised: figures.authorised.as_ref().map(line),
            paid: figures.paid.as_ref().map(line),
            expected: figures.expected.as_ref().map(|(first, months)| {
                // From the last month that is known, so that it is seen what it goes on from; that one has no mark.
                let from = first.saturating_sub(1);
                let mut drawn = DrawnLine::through(
                    months
                        .iter()
                        .enumerate()
                        .skip(from)
                        .map(|(n, own)| (x(n), y(*own))),
                );
                drawn.marks.drain(..(*first - from).min(drawn.marks.len()));
                drawn
            }),
            band: figures
                .expected
                .as_ref()
                .map(|(first, _)| x(*first) - month_width() / 2),
            earlier: figures
                .earlier
                .iter()
                .map(|(_, months)| line(months))
                .collect(),
            end: x(11),
            years: apart(
                figures
                    .earlier
                    .iter()
                    .filter_map(|(year, months)| Some((y(*months.last()?), year.to_string()))),
            ),
        })
    }
}

impl DrawnLine {
    fn through(places: impl Iterator<Item = (i64, i64)>) -> Self {
        let marks: Vec<(i64, i64)> = places.collect();
        let points: Vec<String> = marks.iter().map(|(x, y)| format!("{x},{y}")).collect();
        Self {
            points: points.join(" "),
            marks,
        }
    }
}

const fn month_width() -> i64 {
    (RIGHT - LEFT) / 12
}

/// The middle of a month.
fn x(month: usize) -> i64 {
    let month = i64::try_from(month).unwrap_or_default();
    LEFT + month_width() * month + month_width() / 2
}

fn height(amount: Decimal, top: Decimal) -> i64 {
    let part = amount.checked_mul(Decimal::from(BOTTOM - TOP));
    let part = part.and_then(|part| part.checked_div(top));
    let part = part.and_then(|part| i64::try_from(part.round()).ok());
    BOTTOM - part.unwrap_or_default()
}

fn label(places: impl Iterator<Item = (i64, String)>) -> Vec<ChartLabel> {
    places.map(|(at, text)| ChartLabel { at, text }).collect()
}

/// Moved until none stands upon another, and none below the axis.
fn apart(places: impl Iterator<Item = (i64, String)>) -> Vec<EndLabel> {
    let mut places: Vec<(i64, String)> = places.collect();
    places.sort_by_key(|(y, _)| -y);
    let mut free = BOTTOM;
    let labels = places.into_iter().map(|(line_y, text)| {
        let y = line_y.min(free);
        free = y - TEXT;
        EndLabel { y, line_y, text }
    });
    labels.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(each: i64) -> Months {
        (1..=12).map(|n| Decimal::from(each * n)).collect()
    }

    #[test]
    fn what_is_expected_goes_on_from_what_is_known() {
        let figures = YearFigures {
            authorised: Some(months(10)),
            expected: Some((10, months(10))),
            cap: Some((Decimal::from(200), "Limite".to_owned())),
            earlier: vec![(2024, months(5)), (2025, months(5))],
            ..YearFigures::default()
        };
        let chart = YearChart::draw(&figures, &[], String::new(), String::new()).unwrap();
        let expected = chart.expected.unwrap();
        assert_eq!(expected.points.split(' ').count(), 3);
        assert_eq!(expected.marks.len(), 2);
        assert_eq!(chart.authorised.unwrap().marks.len(), 12);
        assert_eq!(chart.cap.unwrap().y, TOP);
        assert_eq!(chart.years[0].y - chart.years[1].y, TEXT);
        assert!(chart.paid.is_none());
        let nothing = YearFigures {
            paid: Some(months(0)),
            ..YearFigures::default()
        };
        assert!(YearChart::draw(&nothing, &[], String::new(), String::new()).is_none());
    }
}
