//! The stock programs are the judges: what ours loaded and saved, stock loads, and dumps as it dumps its own.
//!
//! Needs `mfsmaster` and `mfsmetadump` 3.0.117 of Debian's package `moosefs-master`.

#![allow(clippy::unwrap_used, reason = "a test")]

use metatools::restore;
use ondisk::dump::write_dump;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn fixtures() -> Vec<PathBuf> {
    let found = std::env::var_os("ELKFS_SHARED").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(2);
    let shared =
        found.or_else(|| above.map(|dir| dir.join("shared")).find(|dir| dir.join("fixtures").is_dir()));
    let all = shared.expect("a folder `shared`; set ELKFS_SHARED").join("fixtures/metadata-3.0.117");
    let mut folders: Vec<PathBuf> = fs::read_dir(all).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("metadata.mfs").is_file());
    folders.sort();
    assert!(folders.len() >= 6);
    folders
}

/// The stock master loads the newest image in `dir` with its changelogs and saves it again.
fn stock_saves(dir: &Path) -> Vec<u8> {
    let word = |flag: &str| String::from_utf8(Command::new("id").arg(flag).output().unwrap().stdout).unwrap();
    let config = format!(
        "DATA_PATH = {}\nWORKING_USER = {}WORKING_GROUP = {}EXPORTS_FILENAME = /dev/null\nLOCK_MEMORY = 0\n",
        dir.display(),
        word("-un"),
        word("-gn")
    );
    fs::write(dir.join("mfsmaster.cfg"), config).unwrap();
    let run =
        Command::new("/usr/sbin/mfsmaster").arg("-c").arg(dir.join("mfsmaster.cfg")).arg("restore").output();
    let output = run.expect("stock mfsmaster: install Debian's moosefs-master");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && !text.contains("error"), "{text}");
    fs::read(dir.join("metadata.mfs")).unwrap()
}

fn stock_dump(image: &Path) -> Vec<u8> {
    Command::new("/usr/sbin/mfsmetadump").arg(image).output().expect("stock mfsmetadump").stdout
}

fn our_dump(image: &Path) -> Vec<u8> {
    let mut out = Vec::new();
    write_dump(&fs::read(image).unwrap(), &mut out).unwrap();
    out
}

/// A dump whose order does not depend on hash tables.
fn sorted(dump: &[u8]) -> Vec<String> {
    let mut lines: Vec<String> = dump.split(|b| *b == b'\n').map(|l| l.escape_ascii().to_string()).collect();
    lines.sort();
    lines
}

#[test]
fn loaded_and_saved_by_ours_loaded_and_dumped_by_stock() {
    for folder in fixtures() {
        let dir = tempfile::tempdir().unwrap();
        let [theirs, ours] = ["theirs", "ours"].map(|name| dir.path().join(name));
        for dir in [&theirs, &ours] {
            fs::create_dir(dir).unwrap();
        }
        fs::copy(folder.join("metadata.mfs"), theirs.join("metadata.mfs")).unwrap();
        // Ours is loaded, saved under another name, and then stock's turn.
        let (from, to) = (theirs.join("metadata.mfs"), ours.join("metadata.mfs"));
        let args = ["-m".into(), from.into_os_string(), "-o".into(), to.clone().into_os_string()];
        assert_eq!(restore::main(args.into(), Path::new("/nonexistent")), std::process::ExitCode::SUCCESS);
        assert!(our_dump(&to) == stock_dump(&to), "{}: our image, dumped by both", folder.display());
        let [theirs, ours] = [&theirs, &ours].map(|dir| {
            stock_saves(dir);
            sorted(&stock_dump(&dir.join("metadata.mfs")))
        });
        let difference = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
        assert_eq!(difference, None, "{}", folder.display());
        assert_eq!(ours.len(), theirs.len(), "{}", folder.display());
    }
}

/// Image and changelogs: our `mfsmetarestore -a` and stock's `mfsmaster restore` reach the same state.
#[test]
fn restored_by_ours_and_by_stock() {
    let folder = fixtures().into_iter().find(|folder| folder.ends_with("6-unknown-chunks")).unwrap();
    let base = folder.with_file_name("2-every-section");
    let dir = tempfile::tempdir().unwrap();
    let [theirs, ours] = ["theirs", "ours"].map(|name| dir.path().join(name));
    for dir in [&theirs, &ours] {
        fs::create_dir(dir).unwrap();
        fs::copy(base.join("metadata.mfs"), dir.join("metadata_ml.mfs.back")).unwrap();
        // As a metalogger has them: live and downloaded ones that overlap.
        let lines = fs::read_to_string(folder.join("changelog.0.mfs")).unwrap();
        let lines: Vec<&str> = lines.split_inclusive('\n').collect();
        let half = lines.len() / 2;
        fs::write(dir.join("changelog_ml_back.0.mfs"), lines[..half + 20].concat()).unwrap();
        fs::write(dir.join("changelog_ml.0.mfs"), lines[half..].concat()).unwrap();
    }
    let args = ["-a".into(), "-d".into(), ours.clone().into_os_string()];
    assert_eq!(restore::main(args.into(), Path::new("/nonexistent")), std::process::ExitCode::SUCCESS);
    stock_saves(&theirs);
    // What stock saves of our result, so that both have gone through the same hands.
    let again = dir.path().join("again");
    fs::create_dir(&again).unwrap();
    fs::copy(ours.join("metadata.mfs"), again.join("metadata.mfs")).unwrap();
    stock_saves(&again);
    let kept = |dir: &Path| sorted(&stock_dump(&dir.join("metadata.mfs")));
    let (ours, theirs) = (kept(&again), kept(&theirs));
    let difference = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
    assert_eq!(difference, None);
}
