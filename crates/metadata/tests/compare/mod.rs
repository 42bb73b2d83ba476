//! Comparing two images, section by section.

#![allow(dead_code, reason = "each test file uses a part")]

use ondisk::image::*;
use ondisk::{Image, ImageFile};
use std::fmt::Debug;

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

pub(crate) fn assert_same(what: &str, ours: &[u8], stock: &[u8], counters: bool) {
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

/// As [`assert_same`], for a state that was loaded once more often than the other: OPEN and QUOT are in another order.
pub(crate) fn assert_same_but_turned(what: &str, ours: &[u8], theirs: &[u8]) {
    let (ours, theirs) = (image(ours), image(theirs));
    let mut differences = Vec::new();
    assert_eq!(ours.header(), theirs.header(), "{what}");
    let d = &mut differences;
    compare::<Sess>(&ours, &theirs, false, d);
    compare::<Scla>(&ours, &theirs, false, d);
    compare::<Node>(&ours, &theirs, true, d);
    compare::<Edge>(&ours, &theirs, true, d);
    compare::<Free>(&ours, &theirs, false, d);
    compare::<Quot>(&ours, &theirs, true, d);
    compare::<Xatr>(&ours, &theirs, true, d);
    compare::<Pacl>(&ours, &theirs, true, d);
    compare::<Open>(&ours, &theirs, true, d);
    compare::<Flck>(&ours, &theirs, true, d);
    compare::<Plck>(&ours, &theirs, true, d);
    compare::<Csdb>(&ours, &theirs, true, d);
    compare::<Chnk>(&ours, &theirs, true, d);
    // Stock does not have it.
    if theirs.sections().any(|section| section.unwrap().name == Xtim::NAME) {
        compare::<Xtim>(&ours, &theirs, false, d);
    }
    assert!(differences.is_empty(), "{what}:\n{}", differences.join("\n"));
}
