//! RFC 4180 records, strictly, with the physical line on which each begins.
//!
//! The usual readers are lenient: a quote that is never closed swallows the rest of the file into one field, and a
//! line is not always counted as an editor counts it. Here such a record is reported with its line, and reading goes on
//! at the next one, so that all that is wrong with a file is found in one go:
//!
//! ```text
//! 2  DL109,"CIGS,…      ← a quote that is not closed: line 2
//! 3  DL109,CIGS,…       ← read
//! ```
//!
//! Lines end with LF or CRLF; a line that is empty is no record. A record is held whole, up to [`LIMIT`] bytes.

use std::io::{self, Read};

use super::sniff::{UTF_8_MARK, sniff};
use crate::valori::ValueDefect;

/// The longest record, in bytes. Those of an extract have some hundreds.
const LIMIT: usize = 64 * 1024;
const CHUNK: usize = 256 * 1024;

pub(super) const UNCLOSED: ValueDefect = ValueDefect::new(
    "a quote is opened and not closed",
    "le virgolette sono aperte e non chiuse",
);
const STRAY: ValueDefect = ValueDefect::new(
    "a quote stands inside a field that is not quoted",
    "virgolette all'interno di un campo che non è tra virgolette",
);
const AFTER: ValueDefect = ValueDefect::new(
    "text follows the closing quote of a field",
    "c'è del testo dopo le virgolette che chiudono un campo",
);
const TOO_LONG: ValueDefect = ValueDefect::new(
    "the record is longer than 65536 bytes",
    "il record supera i 65536 byte",
);

/// One record: its fields without quotes.
#[derive(Debug, Default)]
pub(super) struct CsvRecord {
    /// The line on which it starts.
    pub(super) line: u64,
    data: Vec<u8>,
    ends: Vec<usize>,
}

impl CsvRecord {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn field(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.data[start..self.ends[index]]
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.field(index))
    }

    fn end_field(&mut self) {
        self.ends.push(self.data.len());
    }

    /// Of a line that ends with CRLF.
    fn drop_carriage_return(&mut self) {
        let start = self.ends.last().copied().unwrap_or(0);
        if self.data[start..].last() == Some(&b'\r') {
            self.data.pop();
        }
    }

    fn clear(&mut self) {
        self.data.clear();
        self.ends.clear();
    }
}

/// What the next record is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A record; it is in the argument.
    Record,
    /// Not a record: in this field (from 0) of the record that starts on the argument's line.
    Malformed(usize, ValueDefect),
    /// There are no more.
    End,
}

enum CsvState {
    FieldStart,
    Plain,
    Quoted,
    AfterQuote,
    AfterReturn,
}

/// Reads records.
pub(super) struct CsvRecords<R> {
    input: R,
    separator: u8,
    buffer: Vec<u8>,
    /// Where the next record starts in the buffer.
    start: usize,
    /// The physical line there.
    line: u64,
    ended: bool,
    other_form: Option<ValueDefect>,
}

impl<R: Read> CsvRecords<R> {
    /// Skips a byte order mark and finds out the separator from the first line: `;` where it has one, else `,`.
    pub(super) fn new(input: R) -> io::Result<Self> {
        let mut records = Self {
            input,
            separator: b',',
            buffer: Vec::with_capacity(CHUNK + LIMIT),
            start: 0,
            line: 1,
            ended: false,
            other_form: None,
        };
        while !records.ended && records.buffer.len() < LIMIT {
            records.fill()?;
        }
        records.other_form = sniff(&records.buffer);
        if records.buffer.starts_with(UTF_8_MARK) {
            records.start = UTF_8_MARK.len();
        }
        let first = records.buffer.split(|&b| b == b'\n').next();
        if first.is_some_and(|line| line.contains(&b';')) {
            records.separator = b';';
        }
        Ok(records)
    }

    /// The input, which may be ahead of the records.
    pub(super) fn input(&self) -> &R {
        &self.input
    }

    /// What the input is, if it is no such file at all: its records mean nothing.
    pub(super) fn other_form(&self) -> Option<ValueDefect> {
        self.other_form.clone()
    }

    /// Reads the next record.
    pub(super) fn next(&mut self, record: &mut CsvRecord) -> io::Result<Next> {
        self.skip_empty_lines()?;
        record.line = self.line;
        record.clear();
        match self.scan(record)? {
            Ok(Some((end, lines))) => {
                self.start = end;
                self.line += lines;
                Ok(Next::Record)
            }
            Ok(None) => Ok(Next::End),
            Err(defect) => {
                self.skip_line()?;
                Ok(Next::Malformed(record.len(), defect))
            }
        }
    }

    /// Takes a record apart. Gives where the next begins and how many lines were passed.
    fn scan(
        &mut self,
        record: &mut CsvRecord,
    ) -> io::Result<Result<Option<(usize, u64)>, ValueDefect>> {
        let separator = self.separator;
        let mut state = CsvState::FieldStart;
        let mut lines = 0;
        let mut at = self.start;
        loop {
            let limit = self.buffer.len().min(self.start + LIMIT);
            let Some((&byte, _)) = self.buffer[at..limit].split_first() else {
                let read = at - self.start;
                if read < LIMIT && !self.ended {
                    self.fill()?;
                    at = self.start + read;
                    continue;
                }
                return Ok(match state {
                    CsvState::Quoted => Err(UNCLOSED),
                    _ if read == LIMIT => Err(TOO_LONG),
                    _ if read == 0 => Ok(None),
                    _ => {
                        record.end_field();
                        Ok(Some((at, lines)))
                    }
                });
            };
            let rest = &self.buffer[at..limit];
            match state {
                CsvState::FieldStart if byte == b'"' => {
                    state = CsvState::Quoted;
                    at += 1;
                }
                CsvState::FieldStart | CsvState::Plain => {
                    let stop = |b: &u8| *b == separator || *b == b'\n' || *b == b'"';
                    let run = rest.iter().position(stop).unwrap_or(rest.len());
                    record.data.extend_from_slice(&rest[..run]);
                    at += run + 1;
                    match rest.get(run) {
                        Some(b'\n') => {
                            record.drop_carriage_return();
                            record.end_field();
                            return Ok(Ok(Some((at, lines + 1))));
                        }
                        Some(b'"') => return Ok(Err(STRAY)),
                        Some(_) => {
                            record.end_field();
                            state = CsvState::FieldStart;
                        }
                        None => {
                            at -= 1;
                            state = CsvState::Plain;
                        }
                    }
                }
                CsvState::Quoted => {
                    let run = rest.iter().position(|b| *b == b'"');
                    let text = &rest[..run.unwrap_or(rest.len())];
                    record.data.extend_from_slice(text);
                    lines += text.iter().map(|b| u64::from(*b == b'\n')).sum::<u64>();
                    at += text.len();
                    if run.is_some() {
                        at += 1;
                        state = CsvState::AfterQuote;
                    }
                }
                CsvState::AfterQuote | CsvState::AfterReturn => {
                    at += 1;
                    state = match (byte, state) {
                        (b'\n', _) => {
                            record.end_field();
                            return Ok(Ok(Some((at, lines + 1))));
                        }
                        (b'"', CsvState::AfterQuote) => {
                            record.data.push(b'"');
                            CsvState::Quoted
                        }
                        (b'\r', CsvState::AfterQuote) => CsvState::AfterReturn,
                        (b, CsvState::AfterQuote) if b == separator => {
                            record.end_field();
                            CsvState::FieldStart
                        }
                        _ => return Ok(Err(AFTER)),
                    };
                }
            }
        }
    }

    /// Reads more, after moving what is still wanted to the front of the buffer.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let read = (&mut self.input)
            .take(CHUNK as u64)
            .read_to_end(&mut self.buffer)?;
        self.ended = read < CHUNK;
        Ok(())
    }

    fn skip_empty_lines(&mut self) -> io::Result<()> {
        loop {
            if self.buffer.len() - self.start < 2 && !self.ended {
                self.fill()?;
            }
            let empty = match &self.buffer[self.start..] {
                [b'\n', ..] => 1,
                [b'\r', b'\n', ..] => 2,
                _ => return Ok(()),
            };
            self.start += empty;
            self.line += 1;
        }
    }

    /// Goes to the line after the one on which the current record starts.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let rest = &self.buffer[self.start..];
            if let Some(end) = rest.iter().position(|b| *b == b'\n') {
                self.start += end + 1;
                self.line += 1;
                return Ok(());
            }
            self.start = self.buffer.len();
            if self.ended {
                return Ok(());
            }
            self.fill()?;
        }
    }
}

#[cfg(test)]
mod tests;
