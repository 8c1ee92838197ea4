use std::{fs, time::Instant};

use super::*;
use crate::transport::hung_disk::HungDisk;

#[test]
fn only_a_regular_file_of_bounded_length() {
    let dir = tempfile::tempdir().unwrap();
    let disk = HungDisk::new(dir.path());
    let file = dir.path().join("file");
    fs::write(&file, "12345").unwrap();
    assert_eq!(regular_file(&file, 5).unwrap().bytes, b"12345");
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    assert_eq!(regular_file(&link, 5).unwrap().bytes, b"12345");
    let socket = dir.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let huge = dir.path().join("huge");
    fs::write(&huge, "").unwrap();
    let writable = fs::OpenOptions::new().write(true).open(&huge);
    writable.unwrap().set_len(3 << 30).unwrap();
    let begun = Instant::now();
    for (path, why) in [
        (&*file, "is longer than 4 bytes"),
        (&huge, "is longer than 4 bytes"),
        (disk.path(), "is a named pipe"),
        (dir.path(), "is a directory"),
        (&socket, "is a socket"),
        (Path::new("/dev/zero"), "is a device"),
        // Of no length, by what is said of it.
        (Path::new("/proc/self/status"), "is longer than 4 bytes"),
    ] {
        let error = regular_file(path, 4).unwrap_err().to_string();
        assert!(error.contains(why), "{}: {error}", path.display());
    }
    assert!(begun.elapsed() < PATIENCE);
}

#[test]
fn what_hangs_holds_up_one_thread_and_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let disk = HungDisk::new(dir.path());
    let reader = Reader::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let begun = Instant::now();
    let first = runtime.block_on(reader.run({
        let pipe = disk.path().to_owned();
        move || fs::read(pipe)
    }));
    assert_eq!(first.unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(begun.elapsed() >= PATIENCE);
    // Others do not wait for it, start no thread, and hear the same.
    let begun = Instant::now();
    for _ in 0..1000 {
        let again = runtime.block_on(reader.run(|| unreachable!("a second thread")));
        let again: io::Result<()> = again;
        assert_eq!(again.unwrap_err().kind(), ErrorKind::TimedOut);
    }
    // Nor does the end of the runtime.
    drop(runtime);
    assert!(begun.elapsed() < PATIENCE);
    // It answers again.
    disk.answer();
    while reader.0.load(Ordering::Acquire) {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(reader.run_blocking(|| 7).unwrap(), 7);
}

#[tokio::test]
async fn one_after_the_other_and_after_a_panic() {
    let reader = Reader::default();
    for n in 0..200 {
        assert_eq!(reader.run(move || n).await.unwrap(), n);
    }
    let panicked: io::Result<()> = reader.run(|| panic!("on purpose")).await;
    assert!(panicked.is_err());
    assert_eq!(reader.run(|| 7).await.unwrap(), 7);
}
