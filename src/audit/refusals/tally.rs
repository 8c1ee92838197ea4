//! The counts. So many lines and no more: what finds none free is counted by reason alone.

use std::{borrow::Cow, collections::HashMap};

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    caller::Network,
    refused_call::{RefusedCall, Subject},
};

/// Lines at a time. As many records are written each half a minute, at worst.
const LINES: usize = 1024;

/// What is counted together. All of one day (UTC): a record is of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct TallyLine {
    pub(super) who: TalliedCaller,
    pub(super) reason: Option<String>,
    pub(super) code: &'static str,
    day: NaiveDate,
}

/// Whose calls a line counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum TalliedCaller {
    /// One caller's, from one network.
    Caller {
        subject: Option<Subject>,
        network: Option<Network>,
    },
    /// Of many, for whom there was no line.
    Others,
}

/// How many calls a line stands for, and when they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) calls: u64,
    pub(super) first: DateTime<Utc>,
    pub(super) last: DateTime<Utc>,
}

impl TallyLine {
    pub(super) fn address(&self) -> Option<Cow<'static, str>> {
        match &self.who {
            TalliedCaller::Caller { network, .. } => {
                network.map(|network| network.to_string().into())
            }
            TalliedCaller::Others => Some("others".into()),
        }
    }

    pub(super) fn subject(&self) -> Option<&str> {
        match &self.who {
            TalliedCaller::Caller { subject, .. } => subject.as_ref().map(|subject| &*subject.name),
            TalliedCaller::Others => None,
        }
    }

    pub(super) fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or(self.code)
    }
}

/// The lines so far.
#[derive(Debug, Default)]
pub(super) struct RefusalTally(HashMap<TallyLine, Count>);

impl RefusalTally {
    /// Counts a call.
    pub(super) fn add(&mut self, refusal: RefusedCall, at: DateTime<Utc>) {
        let mut line = TallyLine {
            who: TalliedCaller::Caller {
                subject: refusal.subject,
                network: refusal.address.map(Network::of),
            },
            reason: refusal.reason,
            code: refusal.code,
            day: at.date_naive(),
        };
        if self.0.len() >= LINES && !self.0.contains_key(&line) {
            // Of these there are as many as there are reasons and codes.
            line.who = TalliedCaller::Others;
        }
        let count = self.0.entry(line).or_insert(Count {
            calls: 0,
            first: at,
            last: at,
        });
        count.calls += 1;
        // Calls that end together may be told of in another order.
        count.first = count.first.min(at);
        count.last = count.last.max(at);
    }

    /// Takes all lines out.
    pub(super) fn take(&mut self) -> Vec<(TallyLine, Count)> {
        std::mem::take(&mut self.0).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn refusal(n: u32, reason: &str) -> RefusedCall {
        RefusedCall {
            subject: None,
            address: Some(Ipv4Addr::from_bits(n).into()),
            reason: Some(reason.to_owned()),
            code: "UNAUTHENTICATED",
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_line_for_each_caller_reason_and_day() {
        let mut tally = RefusalTally::default();
        let days = [
            "2026-11-25T23:59:58Z",
            "2026-11-25T23:59:59Z",
            "2026-11-26T00:00:00Z",
        ];
        for instant in days {
            tally.add(refusal(1, "a"), at(instant));
            tally.add(refusal(1, "b"), at(instant));
            tally.add(refusal(2, "a"), at(instant));
        }
        let mut lines = tally.take();
        lines.sort_by_key(|(line, count)| (count.first, line.reason.clone(), line.address()));
        assert_eq!(lines.len(), 6);
        let (line, count) = &lines[0];
        assert_eq!(
            (line.address().as_deref(), line.reason()),
            (Some("0.0.0.1"), "a")
        );
        assert_eq!(
            (count.calls, count.first, count.last),
            (2, at(days[0]), at(days[1]))
        );
        assert_eq!(lines[5].1.calls, 1);
        assert!(tally.take().is_empty());
    }

    #[test]
    fn it_has_so_many_lines_and_loses_no_call() {
        let mut tally = RefusalTally::default();
        let many = 5 * u32::try_from(LINES).unwrap();
        for n in 0..many {
            tally.add(refusal(n, "a"), at("2026-11-25T12:00:00Z"));
            tally.add(refusal(0, "a"), at("2026-11-25T12:00:00Z"));
        }
        let lines = tally.take();
        assert_eq!(lines.len(), LINES + 1);
        let calls: u64 = lines.iter().map(|(_, count)| count.calls).sum();
        assert_eq!(calls, 2 * u64::from(many));
        let others = lines
            .iter()
            .find(|(line, _)| line.who == TalliedCaller::Others)
            .unwrap();
        assert_eq!(
            others.1.calls,
            u64::from(many) - u64::try_from(LINES).unwrap()
        );
    }
}
