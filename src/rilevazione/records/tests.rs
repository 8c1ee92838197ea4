use super::*;

/// Gives its bytes one at a time, as a slow pipe may.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some((&first, rest)) = self.0.split_first() else {
            return Ok(0);
        };
        buffer[0] = first;
        self.0 = rest;
        Ok(1)
    }
}

type Read1 = (u64, Result<Vec<String>, (usize, ValueDefect)>);

fn all(input: impl Read) -> Vec<Read1> {
    let mut records = CsvRecords::new(input).unwrap();
    let mut record = CsvRecord::default();
    let mut out = Vec::new();
    loop {
        let what = match records.next(&mut record).unwrap() {
            Next::End => return out,
            Next::Record => Ok(record
                .fields()
                .map(|f| String::from_utf8_lossy(f).into_owned())
                .collect()),
            Next::Malformed(field, defect) => Err((field, defect)),
        };
        out.push((record.line, what));
    }
}

type Expected<'a> = (u64, Result<&'a [&'a str], (usize, ValueDefect)>);

fn check(text: &str, expected: &[Expected<'_>]) {
    let expected: Vec<Read1> = expected
        .iter()
        .map(|(line, what)| {
            (
                *line,
                what.clone()
                    .map(|f| f.iter().map(|f| (*f).to_owned()).collect()),
            )
        })
        .collect();
    assert_eq!(all(text.as_bytes()), expected, "{text:?}");
    assert_eq!(all(Slow(text.as_bytes())), expected, "{text:?}, slowly");
}

#[test]
fn what_rfc_4180_allows() {
    check("", &[]);
    check("a,b\n1,2\n", &[(1, Ok(&["a", "b"])), (2, Ok(&["1", "2"]))]);
    check("a,b\r\n1,2", &[(1, Ok(&["a", "b"])), (2, Ok(&["1", "2"]))]);
    check(
        "\u{feff}a;b\n1,0;2\n",
        &[(1, Ok(&["a", "b"])), (2, Ok(&["1,0", "2"]))],
    );
    check(
        "a,b\n\"x, \"\"y\"\"\",\"1\r\n2\"\r\n,\n\"\",z\"".trim_end_matches('"'),
        &[
            (1, Ok(&["a", "b"])),
            (2, Ok(&["x, \"y\"", "1\r\n2"])),
            (4, Ok(&["", ""])),
            (5, Ok(&["", "z"])),
        ],
    );
    check(
        "a,b\n\n\r\n1,2\n\n",
        &[(1, Ok(&["a", "b"])), (4, Ok(&["1", "2"]))],
    );
    check("a\n\"b\"\r", &[(1, Ok(&["a"])), (2, Ok(&["b"]))]);
}

#[test]
fn what_is_broken_is_told_with_its_line_and_reading_goes_on() {
    check(
        "a,b\n1,2\"\n3,4\n\"5\"x,6\n\"7\"\r,8\n9,\"10\n",
        &[
            (1, Ok(&["a", "b"])),
            (2, Err((1, STRAY))),
            (3, Ok(&["3", "4"])),
            (4, Err((0, AFTER))),
            (5, Err((0, AFTER))),
            (6, Err((1, UNCLOSED))),
        ],
    );
}

#[test]
fn a_quote_that_is_not_closed_costs_one_line() {
    let mut text = "a,b\n\"1,2\n".to_owned();
    text.push_str(&"3,4\n".repeat(CHUNK));
    let read = all(text.as_bytes());
    assert_eq!(read[1], (2, Err((0, UNCLOSED))));
    assert_eq!(read.len(), CHUNK + 2);
    assert!(read[2..].iter().enumerate().all(|(i, (line, what))| {
        *line == i as u64 + 3 && what.as_ref().is_ok_and(|fields| fields == &["3", "4"])
    }));
}

#[test]
fn the_limit_is_exact_wherever_the_buffer_ends() {
    for lead in [0, 1, CHUNK - LIMIT, CHUNK - 7] {
        let lead = format!("{}\n", "x\n".repeat(lead / 2));
        let lines = lead.len() as u64 - lead.len() as u64 / 2;
        let fits = format!("{lead}{}\nb\n", "a".repeat(LIMIT - 1));
        let over = format!("{lead}{}\nb\n", "a".repeat(LIMIT));
        let (fits, over) = (all(fits.as_bytes()), all(over.as_bytes()));
        let last = |read: &[Read1]| read[read.len() - 2..].to_vec();
        let b = (lines + 2, Ok(vec!["b".to_owned()]));
        assert_eq!(
            last(&fits),
            [(lines + 1, Ok(vec!["a".repeat(LIMIT - 1)])), b.clone()]
        );
        assert_eq!(last(&over), [(lines + 1, Err((0, TOO_LONG))), b]);
    }
}
