//! Images and changelogs of stock 3.0.117 (`shared/fixtures`): loaded, replayed, saved, compared.

use metadata::Fs;
use ondisk::image::*;
use ondisk::{Image, ImageFile, Line};
use std::fmt::Debug;
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
                last = line.ts;
            }
        }
    }
    last
}

fn image(file: &[u8]) -> Image<'_> {
    match Image::open(file).unwrap() {
        ImageFile::Image(image) => image,
        ImageFile::Empty => panic!("an empty image"),
    }
}

/// Head and records of a section as text, so that all compare alike.
fn section<'a, S: Body<'a>>(image: &Image<'a>) -> Vec<String>
where
    S::Head: Debug,
    S::Record: Debug,
{
    let section = image.sections().map(Result::unwrap).find(|s| s.name == S::NAME).unwrap();
    let records = section.read::<S>().unwrap();
    let head = format!("{:?}", records.head());
    std::iter::once(head).chain(records.map(|r| format!("{:?}", r.unwrap()))).collect()
}

/// Compares one section; `sorted` where the order is that of a hash table.
fn compare<'a, S: Body<'a>>(ours: &Image<'a>, stock: &Image<'a>, sorted: bool, differences: &mut Vec<String>)
where
    S::Head: Debug,
    S::Record: Debug,
{
    let (mut ours, mut stock) = (section::<S>(ours), section::<S>(stock));
    if sorted {
        ours[1..].sort();
        stock[1..].sort();
    }
    if ours == stock {
        return;
    }
    let at = ours.iter().zip(&stock).position(|(a, b)| a != b).unwrap_or(ours.len().min(stock.len()));
    let show = |list: &[String]| list.get(at).cloned().unwrap_or_else(|| "(nothing)".into());
    let count = ours.iter().filter(|r| !stock.contains(r)).count();
    differences.push(format!(
        "{} at {at} ({} and {} records, {count} of ours not there):\n  ours  {}\n  stock {}",
        S::NAME,
        ours.len(),
        stock.len(),
        show(&ours),
        show(&stock)
    ));
}

/// The operation counters of sessions are not in the changelog.
fn sessions(image: &Image<'_>) -> Vec<String> {
    let section = image.sections().map(Result::unwrap).find(|s| s.name == Sess::NAME).unwrap();
    let records = section.read::<Sess>().unwrap();
    let head = format!("{:?}", records.head());
    let records = records.map(|r| {
        let record =
            SessionRecord { current_ops: Default::default(), last_ops: Default::default(), ..r.unwrap() };
        format!("{record:?}")
    });
    std::iter::once(head).chain(records).collect()
}

fn assert_same(what: &str, ours: &[u8], stock: &[u8], counters: bool) {
    let (ours, stock) = (image(ours), image(stock));
    let mut differences = Vec::new();
    assert_eq!(ours.header(), stock.header(), "{what}");
    if counters {
        compare::<Sess>(&ours, &stock, false, &mut differences);
    }
    assert_eq!(sessions(&ours), sessions(&stock), "{what}");
    let d = &mut differences;
    compare::<Scla>(&ours, &stock, false, d);
    compare::<Node>(&ours, &stock, true, d);
    compare::<Edge>(&ours, &stock, false, d);
    compare::<Free>(&ours, &stock, false, d);
    compare::<Quot>(&ours, &stock, false, d);
    compare::<Xatr>(&ours, &stock, true, d);
    compare::<Pacl>(&ours, &stock, true, d);
    compare::<Open>(&ours, &stock, false, d);
    compare::<Flck>(&ours, &stock, true, d);
    compare::<Plck>(&ours, &stock, true, d);
    compare::<Csdb>(&ours, &stock, true, d);
    compare::<Chnk>(&ours, &stock, true, d);
    assert!(differences.is_empty(), "{what}:\n{}", differences.join("\n"));
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
