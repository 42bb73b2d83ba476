//! Images and changelogs of stock 3.0.117 (`shared/fixtures`): loaded, replayed, saved, compared.

#![allow(clippy::unwrap_used, reason = "a test")]

mod compare;

use compare::assert_same;
use metadata::Fs;
use ondisk::Line;
use ondisk::image::EMPTY_IMAGE;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// When `1-tiny` began to live, as its README says.
const BORN: u32 = 1_795_345_016;

fn fixtures() -> PathBuf {
    let found = std::env::var_os("ELKFS_SHARED").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(2);
    let shared =
        found.or_else(|| above.map(|dir| dir.join("shared")).find(|dir| dir.join("fixtures").is_dir()));
    shared.expect("a folder `shared`; set ELKFS_SHARED").join("fixtures/metadata-3.0.117")
}

fn read(name: &str) -> Vec<u8> {
    fs::read(fixtures().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn save(fs: &Fs, now: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    fs.snapshot().write_image(&mut out, now).unwrap();
    out.into_inner()
}

/// Replays all lines of a folder's changelogs that are not older than the state; gives the time of the last one.
fn replay(fs: &mut Fs, folder: &str) -> u32 {
    let mut last = 0;
    for log in ["changelog.1.mfs", "changelog.0.mfs"] {
        let Ok(text) = fs::read(fixtures().join(folder).join(log)) else { continue };
        let mut scratch = Vec::new();
        for text in text.split(|b| *b == b'\n').filter(|text| !text.is_empty()) {
            let line = Line::parse(text, &mut scratch).unwrap();
            if line.version >= fs.version() {
                fs.replay(&line).unwrap_or_else(|e| panic!("{folder}/{log}: {e}"));
                fs.validate()
                    .unwrap_or_else(|e| panic!("{folder}/{log} {}: {e}", String::from_utf8_lossy(text)));
                last = line.ts.low();
            }
        }
    }
    last
}

fn follow(base: &str, folder: &str) {
    let mut fs = Fs::from_image(&read(base), 0).unwrap();
    fs.validate().unwrap();
    let last = replay(&mut fs, folder);
    let stock = read(&format!("{folder}/metadata.mfs"));
    assert_same(folder, &save(&fs, last), &stock, false);
}

#[test]
fn tiny_from_nothing() {
    let mut fs = Fs::from_image(EMPTY_IMAGE, BORN).unwrap();
    let last = replay(&mut fs, "1-tiny");
    assert_same("1-tiny", &save(&fs, last), &read("1-tiny/metadata.mfs"), false);
}

#[test]
fn every_section() {
    follow("1-tiny/metadata.mfs", "2-every-section");
}

#[test]
fn after_many_ops() {
    follow("2-every-section/metadata.mfs", "3-after-many-ops");
}

#[test]
fn next_hour() {
    follow("3-after-many-ops/metadata.mfs", "4-next-hour");
}

#[test]
fn renumber() {
    let base = read("5-renumber/base.mfs");
    assert!(Fs::from_image(&base, 0).unwrap().needs_renumbering());
    follow("5-renumber/base.mfs", "5-renumber");
}

#[test]
fn unknown_chunks() {
    follow("2-every-section/metadata.mfs", "6-unknown-chunks");
}

#[test]
fn all_in_one_go() {
    let mut fs = Fs::from_image(EMPTY_IMAGE, BORN).unwrap();
    for folder in ["1-tiny", "2-every-section", "3-after-many-ops", "4-next-hour"] {
        replay(&mut fs, folder);
    }
    fs.validate().unwrap();
}

#[test]
fn loaded_and_saved_is_the_same() {
    for folder in fs::read_dir(fixtures()).unwrap() {
        let file = folder.unwrap().path().join("metadata.mfs");
        let Ok(stock) = fs::read(&file) else { continue };
        let fs = Fs::from_image(&stock, 0).unwrap();
        fs.validate().unwrap();
        // The order of OPEN and QUOT turns round with each load; twice is as before.
        let once = save(&fs, 0);
        let twice = save(&Fs::from_image(&once, 0).unwrap(), 0);
        assert_same(&file.display().to_string(), &twice, &stock, true);
    }
}

#[test]
fn cut_images_are_refused() {
    let stock = read("1-tiny/metadata.mfs");
    for end in 0..stock.len() {
        assert!(Fs::from_image(&stock[..end], 0).is_err(), "{end}");
    }
}

/// Damaged images are refused or loaded as something whole; they never panic.
#[test]
fn damaged_images_do_no_harm() {
    let stock = read("2-every-section/metadata.mfs");
    let mut dice: u64 = 1;
    let mut loaded = 0;
    for round in 0..1000 {
        let mut image = stock.clone();
        for _ in 0..=round % 3 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // The value of the longest attribute is most of the file and of no interest.
            let at = (dice >> 33) as usize % image.len();
            let at = if (17_000..78_000).contains(&at) { at / 10 } else { at };
            image[at] = (dice >> 24) as u8;
        }
        if let Ok(fs) = Fs::from_image(&image, 0) {
            loaded += 1;
            fs.validate().unwrap_or_else(|e| panic!("round {round}: {e}"));
        }
    }
    assert!(loaded > 50, "{loaded}");
}
