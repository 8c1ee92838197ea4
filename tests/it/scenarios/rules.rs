//! The table's text.

/// One call, as the table sees it.
#[derive(Debug, Clone, Copy)]
pub struct ScenarioCase {
    pub caller: &'static str,
    pub time: &'static str,
    pub address: &'static str,
    pub rpc: &'static str,
    pub filtro: &'static str,
}

/// What is said to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioOutcome {
    /// OK, or a reason.
    pub said: String,
    /// Its status in HTTP.
    pub status: u16,
}

/// The rows, with the number of the line that each begins at.
pub struct ScenarioRules(Vec<(usize, [Vec<String>; 5], ScenarioOutcome)>);

impl ScenarioRules {
    /// Reads the table. A row is seven words, on any number of lines.
    pub fn parse(text: &str) -> Self {
        let mut words = text.lines().enumerate().flat_map(|(i, line)| {
            let line = line.split('#').next().unwrap_or_default();
            line.split_whitespace().map(move |word| (i + 1, word))
        });
        let mut rows = Vec::new();
        while let Some((line, first)) = words.next() {
            let mut next = || {
                words
                    .next()
                    .unwrap_or_else(|| panic!("line {line} breaks off"))
                    .1
            };
            let rest = [next(), next(), next(), next()];
            let expected = ScenarioOutcome {
                said: next().to_owned(),
                status: next().parse().unwrap(),
            };
            let cells = [first, rest[0], rest[1], rest[2], rest[3]];
            let cells = cells.map(|cell| cell.split(',').map(str::to_owned).collect());
            rows.push((line, cells, expected));
        }
        Self(rows)
    }

    /// The line that says what is expected of a call, and what.
    pub fn expected(&self, case: &ScenarioCase) -> (usize, &ScenarioOutcome) {
        let values = [case.caller, case.time, case.address, case.rpc, case.filtro];
        let fits = |cells: &[Vec<String>; 5]| {
            cells
                .iter()
                .zip(values)
                .all(|(cell, value)| cell.iter().any(|word| word == "*" || word == value))
        };
        let row = self.0.iter().find(|(_, cells, _)| fits(cells));
        let (line, _, expected) = row.unwrap_or_else(|| panic!("no row fits {case:?}"));
        (*line, expected)
    }

    pub fn line_numbers(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|(line, ..)| *line)
    }
}
