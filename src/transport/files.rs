//! Open files: what the system gives this process, and how many connections that is enough for.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Files that are not connections: listener, logs, epoll, watched files, the collector, connections beside those of the pool.
const OTHERS: u64 = 64;
/// Fewer connections than these are no service.
const LEAST: usize = 8;

/// Raises the soft limit of open files to the hard one, for this process and those that it starts. The soft one is small
/// (1024) for the sake of select(2), which is not used here.
pub fn raise() {
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, hard)) if soft < hard => match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
            Ok(()) => tracing::info!(from = soft, to = hard, "limit of open files raised"),
            Err(error) => {
                tracing::warn!(soft, hard, %error, "the limit of open files cannot be raised");
            }
        },
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be read"),
    }
}

/// As many of the `wanted` connections as the limit of open files leaves room for, beside those to the database.
#[must_use]
pub fn connections_for(wanted: usize, database: u32) -> usize {
    let Ok((soft, _)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return wanted;
    };
    let most = bounded(wanted, soft, database);
    if most < wanted {
        tracing::warn!(
            open_files = soft,
            "server.max_connections is {wanted}, and the limit of open files leaves room for {most}: that many are \
             accepted; raise the hard limit (ulimit -Hn, LimitNOFILE=)"
        );
    }
    most
}

fn bounded(wanted: usize, files: u64, database: u32) -> usize {
    let left = files.saturating_sub(OTHERS + u64::from(database));
    let left = usize::try_from(left).unwrap_or(usize::MAX);
    wanted.min(left.max(LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest() {
        for (wanted, files, database, most) in [
            (1000, 1024, 10, 950),
            (1000, 1_048_576, 10, 1000),
            (1000, 256, 10, 182),
            (1000, 20, 10, LEAST),
            (4, 20, 10, 4),
        ] {
            assert_eq!(bounded(wanted, files, database), most, "{files}");
        }
    }
}
