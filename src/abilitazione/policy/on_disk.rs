//! The policy on disk, as it is followed ([`Reloader`](crate::transport::reloader::Reloader)): `policy.csv` and `model.conf`.
//!
//! An editor may write either in pieces, and the beginning of a policy can be a good policy that gives less: it is never in force,
//! since two readings must be the same. Each error of one that is refused is in the log, with its line and column.

use std::{fmt, io, path::PathBuf};

use super::{ActivePolicy, DecisionTable, PolicyError, PolicyErrors, PolicySource, RejectedPolicy};
use crate::{
    clock::Clock,
    contract::vocabulary::Vocabulary,
    transport::{bounded_read::Reader, reloader::Reloadable},
};

/// What is on disk: the texts, or why they cannot be read.
type PolicyReading = Result<PolicySource, String>;

/// The policy in a directory, of which a good version is in force.
#[derive(Debug)]
pub struct PolicyOnDisk {
    policy: ActivePolicy,
    dir: Option<PathBuf>,
    vocabulary: Vocabulary,
    clock: Clock,
    pub(super) reader: Reader,
}

/// A policy that was read and not put in force.
#[derive(Debug)]
pub struct PolicyRefusal {
    reading: PolicyReading,
    errors: PolicyErrors,
}

impl PolicyOnDisk {
    /// Of the policy in a directory; without one it is the one built in, and only SIGHUP is answered.
    #[must_use]
    pub fn new(
        policy: ActivePolicy,
        dir: Option<PathBuf>,
        vocabulary: Vocabulary,
        clock: Clock,
    ) -> Self {
        Self {
            policy,
            dir,
            vocabulary,
            clock,
            reader: Reader::default(),
        }
    }
}

impl Reloadable for PolicyOnDisk {
    type Reading = PolicyReading;
    type Refusal = PolicyRefusal;

    const RESTLESS: [&'static str; 2] = [
        "the access policy on disk keeps changing: it is read again later",
        "the access policy on disk has come to rest",
    ];
    const STILL_REFUSED: [&'static str; 2] = [
        "the access policy on disk is still refused: the one in force stays",
        "the access policy on disk is no longer refused",
    ];

    fn directories(&self) -> io::Result<Vec<PathBuf>> {
        Ok(self.dir.clone().into_iter().collect())
    }

    fn version(&self) -> String {
        self.policy.table().version().to_owned()
    }

    async fn read(&self) -> PolicyReading {
        let dir = self.dir.clone();
        let read = move || PolicySource::of_settings(dir.as_deref());
        let read = self.reader.run(read).await.flatten();
        read.map_err(|error| error.to_string())
    }

    fn is_in_force(&self, reading: &PolicyReading) -> bool {
        let table = self.policy.table();
        reading
            .as_ref()
            .is_ok_and(|source| source.version() == table.version())
    }

    fn stays_refused(&self, reading: &PolicyReading, refusal: &PolicyRefusal) -> bool {
        refusal.reading == *reading
    }

    async fn replace(&self, reading: PolicyReading) -> Result<(), PolicyRefusal> {
        let built = match &reading {
            Ok(source) => DecisionTable::build_apart(source.clone(), self.vocabulary.clone()).await,
            Err(reason) => Err(unreadable(reason.clone())),
        };
        match built {
            Ok(table) => {
                self.policy.replace(table);
                Ok(())
            }
            Err(errors) => Err(PolicyRefusal { reading, errors }),
        }
    }

    fn tell_in_force(&self) {
        let versione = self.version();
        tracing::info!(versione, "the access policy on disk is the one in force");
        self.policy.forget_rejected();
    }

    fn tell_refused(&self, refusal: &PolicyRefusal) {
        let errors = &refusal.errors;
        for error in &errors.0 {
            tracing::error!(
                file = error.file,
                line = error.at.map(|(line, _)| line),
                column = error.at.map(|(_, column)| column),
                reason = error.reason,
                "error in the access policy"
            );
        }
        tracing::error!(
            dir = self.dir.as_ref().map(|dir| dir.display().to_string()),
            errors = errors.0.len(),
            in_force = self.policy.table().version(),
            "the access policy on disk is refused: the one in force stays"
        );
        self.policy.note_rejected(RejectedPolicy {
            at: self.clock.now(),
            errors: errors.clone(),
        });
    }
}

impl PartialEq for PolicyRefusal {
    /// Of the same texts: another policy is told in full, though the same be wrong with it.
    fn eq(&self, other: &Self) -> bool {
        self.reading == other.reading
    }
}

impl fmt::Display for PolicyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is the one that was refused before")
    }
}

fn unreadable(reason: String) -> PolicyErrors {
    PolicyErrors(vec![PolicyError {
        file: "policy.csv",
        at: None,
        reason,
    }])
}
