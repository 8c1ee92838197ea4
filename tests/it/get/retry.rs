//! What is tried again, from which byte, and what is not.

use std::fs;

use omnia::error::{Error, ExhaustedQuota, Reason};
use tonic::Status;

use super::{
    fake_service::{DownloadMessages, DownloadScene, FILE, FakeService, opened},
    get, names, run,
};

fn error_with(reason: Reason) -> Status {
    Status::from(Error::new(reason, "said by the service"))
}

/// Two pieces, then an error.
fn then_error(at: usize, status: Status) -> DownloadMessages {
    let mut messages: DownloadMessages = opened(at).into_iter().take(3).collect();
    messages.push(Err(status));
    messages
}

const RESUMES: [(DownloadScene, &[i64]); 9] = [
    (
        |at| Ok(then_error(at, error_with(Reason::ShuttingDown))),
        &[0, 8],
    ),
    (
        |at| Ok(then_error(at, error_with(Reason::ExportDeadline))),
        &[0, 8],
    ),
    (
        |at| Ok(then_error(at, error_with(Reason::DatabaseUnavailable))),
        &[0, 8],
    ),
    (|at| Ok(then_error(at, Status::unknown("cut"))), &[0, 8]),
    // An end that looks well, before the chiusura.
    (|at| Ok(opened(at)), &[0, 15]),
    (|at| Ok(opened(at).into_iter().take(1).collect()), &[0, 0]),
    (|_| Ok(Vec::new()), &[0, 0]),
    (|_| Err(error_with(Reason::AuditUnavailable)), &[0, 0]),
    (|_| Err(quota(1)), &[0, 0]),
];

fn quota(seconds: u64) -> Status {
    let exhausted = ExhaustedQuota {
        soggetto: "soggetto:x".into(),
        description: "1 al_secondo".into(),
        retry_after: std::time::Duration::from_secs(seconds),
    };
    Status::from(Error::quota_exhausted("al_secondo", exhausted))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_pass_is_tried_again_from_the_byte_that_is_missing() {
    // At the same time: most of it is waiting.
    let mut proofs = tokio::task::JoinSet::new();
    for (i, (test_scene, asked)) in RESUMES.into_iter().enumerate() {
        proofs.spawn(async move {
            let fake = FakeService::perform(&[test_scene]).await;
            let dir = tempfile::tempdir().unwrap();
            let mut command = get(&fake.url(), "token", dir.path());
            command.args(["decreti", "--normativa", "N", "--file", "d.csv"]);
            let (code, out, err) = run(&mut command).await;
            assert_eq!(code, Some(0), "{i}: {err}");
            assert_eq!(fake.asked_offsets(), asked, "{i}");
            assert_eq!(err.matches("trying again in ").count(), 1, "{i}: {err}");
            assert_eq!(fs::read(dir.path().join("d.csv")).unwrap(), FILE, "{i}");
            assert!(!out.contains("earlier run"), "{i}: {out}");
        });
    }
    while let Some(trial) = proofs.join_next().await {
        trial.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_will_not_pass_ends_at_once_and_what_came_is_kept() {
    let scene: [(DownloadScene, &str); 3] = [
        (
            |at| Ok(then_error(at, error_with(Reason::GrantRevoked))),
            "omnia: said by the service (ERROR_REASON_GRANT_REVOKED)\n",
        ),
        (
            |at| Ok(then_error(at, error_with(Reason::TokenExpired))),
            "omnia: said by the service (ERROR_REASON_TOKEN_EXPIRED)\n",
        ),
        // Tomorrow is too far away to wait for.
        (
            |at| Ok(then_error(at, quota(7200))),
            "omnia: a quota of the grant is used up; try again later (ERROR_REASON_QUOTA_EXCEEDED)\n  soggetto:x: 1 \
             al_secondo\n  quota: al_secondo\n  come back in 7200 s\n",
        ),
    ];
    for (test_scene, text) in scene {
        let fake = FakeService::perform(&[test_scene]).await;
        let dir = tempfile::tempdir().unwrap();
        let command = || {
            let mut command = get(&fake.url(), "token", dir.path());
            command.args(["decreti", "--normativa", "N", "--file", "d.csv"]);
            command
        };
        let (code, _, err) = run(&mut command()).await;
        assert_eq!(code, Some(3), "{err}");
        let hint = "omnia: d.csv.part has 8 bytes; the same command goes on from there\n";
        assert_eq!(err, format!("{text}{hint}"));
        assert_eq!(fake.asked_offsets(), [0]);
        assert_eq!(names(dir.path()), ["d.csv.part", "d.csv.part.json"]);
        // Once whatever it was is settled.
        let (code, out, err) = run(&mut command()).await;
        assert_eq!(code, Some(0), "{err}");
        assert!(
            out.contains("; the first 8 bytes are an earlier run's\n"),
            "{out}"
        );
        assert_eq!(fake.asked_offsets(), [0, 8]);
        assert_eq!(fs::read(dir.path().join("d.csv")).unwrap(), FILE);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_gives_up_when_nothing_comes_any_more_and_only_then() {
    // Four times it gets on, and then no more.
    let passo: DownloadScene = |at| {
        let mut messages: DownloadMessages = opened(at).into_iter().take(2).collect();
        messages.push(Err(Status::unavailable("gone")));
        Ok(messages)
    };
    let nothing: DownloadScene = |_| Err(Status::unavailable("gone"));
    let fake = FakeService::perform(&[passo, passo, passo, nothing, nothing]).await;
    let dir = tempfile::tempdir().unwrap();
    let command = || {
        let mut command = get(&fake.url(), "token", dir.path());
        command.args(["decreti", "--normativa", "N", "--file", "d.csv"]);
        command.args(["--tentativi", "2"]);
        command
    };
    let (code, _, err) = run(&mut command()).await;
    assert_eq!(code, Some(75), "{err}");
    assert_eq!(fake.asked_offsets(), [0, 4, 8, 12]);
    let end = format!(
        "omnia: {}: gone\nomnia: d.csv.part has 12 bytes; the same command goes on from there\n",
        fake.url()
    );
    assert!(err.ends_with(&end), "{err}");
    assert_eq!(run(&mut command()).await.0, Some(0));
    assert_eq!(fake.asked_offsets(), [0, 4, 8, 12, 12, 12]);
}
