//! Measures a temporary directory, all tests, small numbers.

use bench::fs::{ColdMode, FsArgs, Report, Unit, measure};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

fn args(dir: &Path) -> FsArgs {
    FsArgs {
        dir: dir.into(),
        files: 25,
        threads: 3,
        files_per_dir: 10,
        stream_mib: 5,
        random_ops: 30,
        jobs: vec![1, 4],
        cold: ColdMode::Advise,
        skip_small: false,
        skip_streams: false,
        json: false,
    }
}

#[test]
fn every_test_runs_and_nothing_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    let report = measure(&args(dir.path()), &AtomicBool::new(false), &mut |_, row| {
        seen.push(row.test.clone());
        Ok(())
    })
    .unwrap();
    let names: Vec<_> = report.rows.iter().map(|row| row.test.clone()).collect();
    assert_eq!(names, seen);
    let small = [
        "mkdir",
        "create empty",
        "create 4 KiB",
        "create 64 KiB",
        "stat, cold",
        "list with attributes, cold",
        "read 4 KiB, cold",
        "rename",
        "unlink",
        "rmdir",
    ];
    assert_eq!(names[..10], small);
    assert_eq!(names[10..14], names[14..18]);
    for row in &report.rows {
        assert!(row.rate > 0.0 && row.seconds > 0.0 && row.p99_us >= row.p50_us, "{row:?}");
    }
    assert!(report.rows[..10].iter().all(|row| row.unit == Unit::OpsPerSecond && row.jobs == 3));
    assert_eq!(report.rows[0].operations, 25);
    assert_eq!(report.rows[5].operations, 3, "directories listed");
    assert_eq!(report.rows[10].operations, 5 + 1, "writes and one fsync");
    assert_eq!(report.rows[14].operations, 4 * (1 + 1));
    assert_eq!(report.rows[16].operations, 30);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn json_has_every_field_of_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let args = FsArgs { skip_streams: true, ..args(dir.path()) };
    let report = measure(&args, &AtomicBool::new(false), &mut |_, _| Ok(())).unwrap();
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
}

#[test]
fn data_changed_behind_its_back_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().to_owned();
    let error = measure(&args(dir.path()), &AtomicBool::new(false), &mut |_, row| {
        if row.test == "create 64 KiB" {
            let scratch = std::fs::read_dir(&root)?.next().expect("scratch directory")?.path();
            let victim = scratch.join("small/dir-1/file-000012");
            let mut data = std::fs::read(&victim)?;
            data[4095] ^= 1;
            std::fs::write(&victim, data)?;
        }
        Ok(())
    })
    .unwrap_err();
    let text = format!("{error:#}");
    assert!(
        text.contains("read 4 KiB") && text.contains("file-000012") && text.contains("wrong data"),
        "{text}"
    );
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "cleaned up after a failure too");
}

#[test]
fn stopping_cleans_up() {
    let dir = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(false);
    let error = measure(&args(dir.path()), &stop, &mut |_, row| {
        stop.store(row.test == "create 4 KiB" || stop.load(Ordering::Relaxed), Ordering::Relaxed);
        Ok(())
    })
    .unwrap_err();
    assert!(format!("{error:#}").contains("interrupted"), "{error:#}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn impossible_numbers_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let refused =
        |args: FsArgs| measure(&args, &AtomicBool::new(false), &mut |_, _| Ok(())).unwrap_err().to_string();
    assert!(refused(FsArgs { files: 0, ..args(dir.path()) }).contains("--files"));
    assert!(refused(FsArgs { threads: 0, ..args(dir.path()) }).contains("--threads"));
    assert!(refused(FsArgs { stream_mib: 3, ..args(dir.path()) }).contains("--stream-mib"));
    assert!(refused(FsArgs { random_ops: 10_000, ..args(dir.path()) }).contains("--random-ops"));
    assert!(refused(FsArgs { dir: dir.path().join("no"), ..args(dir.path()) }).contains("find directory"));
}
