//! What a command writes for its operator, others on the machine cannot read.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::{run, with_database};
use crate::test_bench;

#[tokio::test]
async fn an_export_of_the_log_is_its_owners_alone() {
    let db = test_bench::database().await;
    let dir = tempfile::tempdir().unwrap();
    for formato in ["jsonl", "pdnd"] {
        let path = dir.path().join(formato);
        let shown = path.to_str().unwrap();
        let arguments = ["audit", "export", "--formato", formato, "--file", shown];
        let (code, _, err) = run(&mut with_database(&db, &arguments));
        assert_eq!(code, Some(0), "{err}");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{formato}: {mode:o}");
    }
}
