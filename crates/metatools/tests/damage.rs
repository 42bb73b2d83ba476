//! Damaged images: refused with the section and the place, never a panic, never an allocation from a wild number.

#![allow(clippy::unwrap_used, reason = "a test")]

use metadata::Fs;
use ondisk::image::check;
use ondisk::{NewNode, Op};
use proptest::prelude::*;
use std::sync::LazyLock;
use types::{Name, NodeType, ROOT};

/// An image with something in every larger section.
static IMAGE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut fs = Fs::new_empty(7);
    fs.apply(7, &Op::SetMetaId { id: 77 }).unwrap();
    for number in 0..40u32 {
        let name = format!("name-{number}");
        let kind = if number.is_multiple_of(7) { NodeType::Dir } else { NodeType::File };
        let node = NewNode { kind, mode: 0o644, umask: 0 };
        let name = Name::new(name.as_bytes()).unwrap();
        let made = fs.apply(8, &Op::Create { parent: ROOT, name, node, uid: 1, gid: 2, rdev: 0 }).unwrap();
        let inode = types::Inode(u32::try_from(made.get(0).unwrap()).unwrap());
        if kind == NodeType::File {
            let index = types::ChunkIndex(number % 3);
            fs.apply(9, &Op::Write { inode, index, new_version: true, set_mtime: true }).unwrap();
        }
        let value = [number as u8; 9];
        let xattr = Name::new(b"user.x").unwrap();
        fs.apply(9, &Op::SetXattr { inode, name: xattr, value: types::Bytes32::new(&value), mode: 0 })
            .unwrap();
    }
    let mut out = std::io::Cursor::new(Vec::new());
    fs.snapshot().write_image(&mut out, 7).unwrap();
    out.into_inner()
});

/// What is wrong must be said with a place: a section, an inode or an offset.
fn names_a_place(text: &str) -> bool {
    const SECTIONS: [&str; 13] = [
        "SESS", "SCLA", "NODE", "EDGE", "FREE", "QUOT", "XATR", "PACL", "OPEN", "FLCK", "PLCK", "CSDB",
        "CHNK",
    ];
    let words =
        ["offset", "inode", "section", "begins with", "at its end", "image format", "directories hold"];
    SECTIONS.iter().chain(&words).any(|word| text.contains(word))
}

fn judge(image: &[u8]) {
    if let Err(error) = check(image) {
        assert!(names_a_place(&error.to_string()), "{error}");
    }
    match Fs::from_image(image, 0) {
        // Not every bit matters to the structure; what loads must hold together.
        Ok(fs) => fs.validate().unwrap(),
        Err(error) => assert!(names_a_place(&error.to_string()), "{error}"),
    }
    // `-i`: what can be had holds together, and says what is wrong with the rest.
    match Fs::from_damaged_image(image, 0) {
        Ok((fs, damage)) => {
            fs.validate().unwrap_or_else(|error| panic!("{error}: {:?}", damage.found));
            damage.found.iter().for_each(|error| assert!(names_a_place(&error.to_string()), "{error}"));
        }
        Err(error) => assert!(names_a_place(&error.to_string()), "{error}"),
    }
}

/// The spec's cases of `-i` (metadata-format 6.5, 7): a lost parent, a name twice, a node without a name.
#[test]
fn what_i_puts_right() {
    let mut image = IMAGE.clone();
    let record = |image: &[u8], name: &[u8]| {
        let edges = image.windows(4).position(|w| w == b"EDGE").unwrap();
        // parent, child, edge id and length stand before the name.
        edges + image[edges..].windows(name.len()).position(|w| w == name).unwrap() - 18
    };
    // name-39's parent is no directory; name-38 has name-37's name; name-36's child is a node that is not there.
    let at = record(&image, b"name-39");
    image[at..at + 4].copy_from_slice(&4000u32.to_be_bytes());
    let at = record(&image, b"name-38");
    image[at + 24] = b'7';
    let at = record(&image, b"name-36");
    image[at + 4..at + 8].copy_from_slice(&5000u32.to_be_bytes());
    assert!(Fs::from_image(&image, 0).is_err());
    let (fs, damage) = Fs::from_damaged_image(&image, 0).unwrap();
    fs.validate().unwrap();
    assert_eq!(damage.found.len(), 5, "{:?}", damage.found);
    let lost = |name: &[u8]| Fs::from_image(&IMAGE, 0).unwrap().lookup(ROOT, name).unwrap();
    assert_eq!(fs.lookup(ROOT, b"name-39"), Some(lost(b"name-39")), "in root");
    assert_eq!(fs.lookup(ROOT, b"name-37"), Some(lost(b"name-38")), "the first of two is taken");
    for name in [b"name-37", b"name-36"] {
        let inode = lost(name);
        assert_eq!(fs.lookup(ROOT, format!("lost_node_{inode}").as_bytes()), Some(inode));
    }
}

#[test]
fn the_image_itself_is_good() {
    check(&IMAGE).unwrap();
    Fs::from_image(&IMAGE, 0).unwrap().validate().unwrap();
}

#[test]
fn every_truncation_is_refused() {
    for len in 0..IMAGE.len() {
        assert!(check(&IMAGE[..len]).is_err() && Fs::from_image(&IMAGE[..len], 0).is_err(), "{len} bytes");
        judge(&IMAGE[..len]);
    }
}

/// The last bytes are whole, but something is missing before.
#[test]
fn pieces_cut_out_are_refused() {
    for from in (8..IMAGE.len() - 16).step_by(13) {
        for len in [1, 4, 16, 100] {
            let Some(rest) = IMAGE.get(from + len..) else { continue };
            let cut = [&IMAGE[..from], rest].concat();
            assert!(check(&cut).is_err(), "{len} bytes at {from}");
            judge(&cut);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bits(places in prop::collection::vec((0..IMAGE.len(), 0..8u8), 1..6)) {
        let mut image = IMAGE.clone();
        for (at, bit) in places {
            image[at] ^= 1 << bit;
        }
        judge(&image);
    }

    #[test]
    fn wild_numbers(at in 0..IMAGE.len() - 8, with in prop::sample::select(vec![0u8, 0x7F, 0x80, 0xFF]), len in 1..9usize) {
        let mut image = IMAGE.clone();
        image[at..at + len].fill(with);
        judge(&image);
    }
}
