//! `mfsmetarestore` as an operator meets it: messages, exit statuses, what is left on disk.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Lines of a log: an id, then directories `d2`, `d3`, … with the inodes of their names.
fn lines(numbers: std::ops::RangeInclusive<u64>) -> String {
    let line = |n: u64| match n {
        1 => "1: 1700000000|SETMETAID(77)\n".to_owned(),
        n => format!("{n}: {}|CREATE(1,d{n},2,493,0,0,0,0):{n}\n", 1_700_000_000 + n),
    };
    numbers.map(line).collect()
}

/// Status and all that was said.
fn elkfs(args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_elkfs")).args(args).output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code().unwrap(), text)
}

fn restore(dir: &Path, more: &[&str]) -> (i32, String) {
    elkfs(&[&["mfsmetarestore", "-a", "-d", dir.to_str().unwrap()], more].concat())
}

/// A directory as a metalogger leaves it, with these changes in two files that overlap.
fn metalogger() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    put(&dir, "metadata_ml.mfs.back", "MFSM NEW");
    put(&dir, "changelog_ml_back.0.mfs", lines(1..=6));
    put(&dir, "changelog_ml.0.mfs", lines(4..=9));
    dir
}

fn put(dir: &tempfile::TempDir, name: &str, text: impl AsRef<[u8]>) {
    fs::write(dir.path().join(name), text).unwrap();
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn restores_and_says_from_what() {
    let dir = metalogger();
    // The last line of a master that died in the middle of it.
    put(&dir, "changelog.0.mfs", lines(8..=11) + "12: 17000");
    let inputs = names(dir.path());
    let (status, text) = restore(dir.path(), &[]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("metadata_ml.mfs.back (version 1") && text.contains("changes: 1 to 11"), "{text}");
    assert!(text.contains("metadata.mfs (") && text.contains("verified"), "{text}");
    let left = names(dir.path());
    assert!(inputs.iter().all(|name| left.contains(name)), "{left:?}");
    assert_eq!(left.len(), inputs.len() + 1, "{left:?}");
    let (status, text) = elkfs(&["mfsmetadump", dir.path().join("metadata.mfs").to_str().unwrap()]);
    assert!(status == 0 && text.contains("# version: 12") && text.contains("|n:d11\n"), "{text}");
    // Once more: nothing to do. A newer changelog later: the first result is kept.
    assert!(restore(dir.path(), &[]).1.contains("nothing to do"));
    put(&dir, "changelog_ml.0.mfs", lines(4..=15));
    let (status, text) = restore(dir.path(), &["-x"]);
    assert!(status == 0 && text.contains("kept as metadata.mfs.000000"), "{text}");
    assert!(text.contains("changelog_ml.0.mfs: changes 4-15, used"), "{text}");
    let (status, text) = elkfs(&["meta", "check", dir.path().to_str().unwrap()]);
    assert_eq!(status, 0, "{text}");
}

#[test]
fn a_hole_is_named_and_b_stops_before_it() {
    let dir = metalogger();
    put(&dir, "changelog_ml.0.mfs", lines(9..=12));
    let before = names(dir.path());
    let (status, text) = restore(dir.path(), &[]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("changes 7 to 8 are missing") && text.contains("metaloggers"), "{text}");
    assert_eq!(names(dir.path()), before, "nothing was written");
    let (status, text) = elkfs(&["meta", "check", dir.path().to_str().unwrap()]);
    assert!(status == 1 && text.contains("changes 7 to 8 are missing"), "{text}");
    let (status, text) = restore(dir.path(), &["-b"]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("NOT EVERYTHING IS RESTORED") && text.contains("changes: 1 to 6"), "{text}");
    let given_up = dir.path().join("given_up.0.changelog_ml.0.mfs");
    assert_eq!(fs::read_to_string(given_up).unwrap(), lines(9..=12));
}

#[test]
fn refuses_what_it_must() {
    let dir = metalogger();
    fs::remove_file(dir.path().join("metadata_ml.mfs.back")).unwrap();
    let (status, text) = restore(dir.path(), &[]);
    assert!(status == 1 && text.contains("can't find valid metadata file"), "{text}");
    put(&dir, "metadata_ml.mfs.back", "MFSM NEW");
    put(&dir, "changelog_ml.0.mfs", lines(4..=8) + "9: 1700000009|FROB(1)\n");
    let (status, text) = restore(dir.path(), &[]);
    assert!(status == 1 && text.contains("FROB") && text.contains("change 9"), "{text}");
    assert_eq!(elkfs(&["mfsmetarestore"]).0, 1);
    assert!(elkfs(&["metarestore", "-o", "x"]).1.contains("-m must say"), "also under its short name");
}

#[test]
fn the_old_form_with_named_files() {
    let dir = metalogger();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (image, out) = (path("metadata_ml.mfs.back"), path("new.mfs"));
    let logs = [path("changelog_ml.0.mfs"), path("changelog_ml_back.0.mfs")];
    let args = ["mfsmetarestore", "-m", &image, "-o", &out, &logs[0], &logs[1]];
    let (status, text) = elkfs(&args);
    assert!(status == 0 && text.contains("changes: 1 to 9"), "{text}");
    // The result against the directory it came from, and an older state of it.
    let (status, text) = elkfs(&["meta", "diff", &out, dir.path().to_str().unwrap()]);
    assert!(status == 0 && text.contains("0 differences"), "{text}");
    let (status, text) = elkfs(&["meta", "diff", &image, &out, "--log", &logs[1]]);
    assert!(status == 1 && text.contains("EDGE p:1 n:d9 added"), "{text}");
    assert!(elkfs(&["mfsmetarestore", "-m", &out]).1.contains("|n:d9\n"), "a dump");
}
