//! Images of stock masters, section by section, and images that are damaged.

use super::check::with_section;
use super::*;
use crate::fixtures;
use std::io::{Cursor, Write};
use types::{Inode, NodeType, Rest, SessionId};

/// Every image of the fixtures.
fn images() -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let images = [fixtures::files("metadata", ".mfs"), fixtures::files("base", ".mfs")].concat();
    assert!(images.len() >= 7, "7 images are recorded");
    images
}

fn opened(file: &[u8]) -> Image<'_> {
    match Image::open(file) {
        Ok(ImageFile::Image(image)) => image,
        other => panic!("{other:?}"),
    }
}

fn rewrite<S>(section: &Section<'static>, writer: &mut ImageWriter<Cursor<Vec<u8>>>) -> usize
where
    S: Body<'static>,
{
    let mut records = section.read::<S>().unwrap();
    let head = S::head(section.version, &mut types::Reader::new(section.body)).unwrap();
    let mut count = 0;
    writer
        .section::<S>(&head, |sink| {
            records.by_ref().try_for_each(|record| {
                count += 1;
                sink.push(&record.unwrap_or_else(|e| panic!("{e}")))
            })
        })
        .unwrap();
    count
}

#[test]
fn every_recorded_image_is_written_as_it_was() {
    let mut records = std::collections::BTreeMap::<String, usize>::new();
    for (path, file) in images() {
        let file: &'static [u8] = Vec::leak(file);
        let image = opened(file);
        let mut writer = ImageWriter::new(Cursor::new(Vec::new()), image.header()).unwrap();
        let mut order = String::new();
        for section in image.sections() {
            let section = section.unwrap();
            let count = with_section!(section.name, S => rewrite::<S>(&section, &mut writer), other => panic!("{other}"));
            *records.entry(section.name.to_string()).or_default() += count;
            order += &format!("{} ", section.name);
        }
        assert_eq!(order, "SESS SCLA NODE EDGE FREE QUOT XATR PACL OPEN FLCK PLCK CSDB CHNK ");
        assert!(writer.finish().unwrap().into_inner() == file, "{}", path.display());
    }
    assert!(records.len() == 13 && records.values().all(|&n| n > 0), "{records:?}");
}

/// A section's body cut anywhere is an error that names the section; so is one byte more.
#[test]
fn cut_sections_say_where() {
    let (_, file) = images().swap_remove(1);
    for section in opened(&file).sections() {
        let section = section.unwrap();
        let step = (section.body.len() / 500).max(1);
        let cuts = (0..section.body.len()).rev().step_by(step).map(|len| &section.body[..len]);
        let longer = [section.body, &[0]].concat();
        for body in cuts.chain([longer.as_slice()]) {
            let cut = Section { body, ..section };
            let error = check_section(&cut).expect_err("cut");
            assert!(error.to_string().contains(&section.name.to_string()), "{error}");
        }
    }
}

#[test]
fn cut_files_are_incomplete() {
    let (_, file) = images().swap_remove(0);
    assert!(check(&file).is_ok());
    for len in 0..file.len() {
        let error = check(&file[..len]).expect_err("cut");
        let expected =
            matches!(error, ImageError::Signature(_) | ImageError::Cut { .. } | ImageError::Ending);
        assert!(expected, "{len}: {error}");
        // The same with an ending put on: some section is cut then.
        let ended = [&file[..len], END_MARKER].concat();
        let known_ends = [24].into_iter().chain(section_ends(&file));
        let at_an_end = known_ends.into_iter().any(|end| end == len);
        assert_eq!(check(&ended).is_ok(), at_an_end, "{len}");
    }
}

fn section_ends(file: &[u8]) -> Vec<usize> {
    opened(file).sections().map(|s| s.unwrap()).map(|s| s.offset as usize + s.body.len()).collect()
}

#[test]
fn errors_name_place_and_cause() {
    let (_, file) = images().swap_remove(0);
    let node = opened(&file).sections().map(|s| s.unwrap()).find(|s| s.name == Node::NAME).unwrap();
    let cut = Section { body: &node.body[..12], ..node };
    let at = node.offset + 8;
    assert_eq!(
        check_section(&cut).unwrap_err().to_string(),
        format!("section NODE, record 0 at offset {at}: 4 bytes wanted at offset {}, 3 left", at + 1)
    );
    let newer = Section { version: 0x15, ..node };
    assert_eq!(
        check_section(&newer).unwrap_err().to_string(),
        "section NODE has version 1.5, stored by a newer version of MooseFS (known up to 1.4)"
    );
    let older = Section { version: 0x13, ..node };
    assert!(
        check_section(&older).unwrap_err().to_string().starts_with("section NODE has version 1.3, too old")
    );
    assert!(matches!(node.read::<Edge>().map(drop), Err(ImageError::OtherSection { .. })));
}

#[test]
fn the_empty_image_and_what_is_none() {
    assert!(matches!(Image::open(b"MFSM NEW"), Ok(ImageFile::Empty)));
    assert_eq!(probe(b"MFSM NEW", b"MFSM NEW"), Ok(Header { version: 1, id: 0 }));
    assert!(matches!(Image::open(b"MFSM NEW\n"), Err(ImageError::Signature(_))));
    assert!(matches!(Image::open(b""), Err(ImageError::Signature(_))));
    assert_eq!(
        Image::open(b"MFSM 1.5 and so on").unwrap_err(),
        ImageError::FileTooOld { major: 1, minor: 5 }
    );
    let mut file = [&SIGNATURE[..], &[0; 16], b"XXXX 1.0\0\0\0\0\0\0\0\x01?", b"nonsense"].concat();
    file.extend_from_slice(END_MARKER);
    let all: Vec<_> = opened(&file).sections().collect();
    assert_eq!(
        all[0].as_ref().unwrap().name,
        SectionName(*b"XXXX"),
        "unknown sections are for the caller to refuse"
    );
    assert!(matches!(all[1], Err(ImageError::Cut { offset: 41, .. })));
    assert_eq!(all.len(), 2);
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|p| u8::from_str_radix(std::str::from_utf8(p).unwrap(), 16).unwrap()).collect()
}

/// The spec's section 19.
#[test]
fn worked_bytes() {
    let start = bytes("4d46534d20322e30 0000000000000090 6b02bf124f91881c");
    let header = Header { version: 0x90, id: 0x6b02_bf12_4f91_881c };
    assert_eq!(probe(&start, END_MARKER), Ok(header));
    let mut writer = ImageWriter::new(Cursor::new(Vec::new()), header).unwrap();
    writer.section::<Sess>(&SessHead::new(SessionId(2)), |_| Ok(())).unwrap();
    let sess = [bytes("53455353 20 312e35 00000000000000c3 00000002 0010"), vec![0; 189]].concat();
    assert_eq!(writer.finish().unwrap().into_inner(), [start, sess, END_MARKER.to_vec()].concat());

    let node = bytes(
        "03 00000006 00 00 00 01ff 00000000 00000000 6b02c12b 6b02c099 6b02c099 0018 0000000f 2e2e2f746172",
    );
    let node = [node, b"get (x)%,".to_vec(), vec![0]].concat();
    let record =
        Node::record(0x14, &NodeHead { max_inode: Inode(45), count: 29 }, &mut types::Reader::new(&node));
    let record = record.unwrap().unwrap();
    assert_eq!((record.kind, record.inode, record.mode), (NodeType::Symlink, Inode(6), 0o777));
    assert_eq!((record.atime, record.trash_hours), (0x6b02_c12b, 24));
    assert_eq!(record.data, NodeData::Symlink(b"../target (x)%,".as_slice().get(..15).unwrap()));

    let mut out = Vec::new();
    Edge::write_head(&0x7fff_ffff_ffff_ffcb, &mut out);
    let edge = EdgeRecord { parent: Inode(1), child: Inode(0x22), id: 0x7fff_ffff_ffff_ffdb, name: b"e" };
    Edge::write_record(&edge, &mut out);
    assert_eq!(out, bytes("7fffffffffffffcb 00000001 00000022 7fffffffffffffdb 0001 65"));

    let server = bytes("0afe4d01 6b1e 0001 02 6b02c9e3");
    let record = Csdb::record(0x13, &1, &mut types::Reader::new(&server)).unwrap().unwrap();
    let expected = ChunkserverRecord {
        ip: 0x0afe_4d01,
        port: 27422,
        id: 1,
        maintenance: 2,
        maintenance_end: 0x6b02_c9e3,
    };
    assert_eq!(record, expected);

    let chunk = bytes("0000000000000006 00000001 00000000 00");
    let record = Chnk::record(0x11, &types::ChunkId(10), &mut types::Reader::new(&chunk)).unwrap().unwrap();
    assert_eq!((record.id.0, record.version.0, record.locked_to, record.archived), (6, 1, 0, false));
}

/// Masks that version 1.0 stored wrongly are repaired.
#[test]
fn old_acl_masks() {
    let acl = bytes("00000009 01 0006 0005 0004 0000 0000 0000");
    let mask = |version| Pacl::record(version, &(), &mut types::Reader::new(&acl)).unwrap().unwrap().mask;
    assert_eq!((mask(0x10), mask(0x11)), (7, 0));
}

#[test]
fn chunk_tables_from_memory_and_sizes_known_beforehand() {
    let chunks = [types::ChunkId(7), types::ChunkId(0), types::ChunkId(8)];
    let node = NodeRecord {
        kind: NodeType::File,
        inode: Inode(2),
        sclass: 2,
        eattr: 0,
        winattr: 0,
        mode: 0o644,
        uid: 1,
        gid: 2,
        atime: 3,
        mtime: 4,
        ctime: 5,
        trash_hours: 24,
        data: NodeData::File { length: 150 << 20, chunks: Rest::Items(&chunks) },
    };
    let head = NodeHead { max_inode: Inode(2), count: 1 };
    let length = 8 + 32 + 12 + 24 + 1;
    let written = |length| {
        let mut writer = ImageWriter::new(Vec::new(), Header::EMPTY).unwrap();
        writer
            .sized_section::<Node>(&head, length, |sink| sink.push(&node))
            .map(|()| writer.finish().unwrap())
    };
    let file = written(length).unwrap();
    let section = opened(&file).sections().next().unwrap().unwrap();
    let read: Vec<_> = section.read::<Node>().unwrap().map(Result::unwrap).collect();
    assert_eq!(read.as_slice(), std::slice::from_ref(&node));
    assert!(written(length + 1).unwrap_err().to_string().contains("NODE"));

    let mut encoded = Vec::new();
    Node::write_record(&node, &mut encoded);
    let mut writer = ImageWriter::new(Vec::new(), Header::EMPTY).unwrap();
    writer.sized_section::<Node>(&head, length, |sink| sink.push_encoded(1, &encoded)).unwrap();
    assert_eq!(writer.finish().unwrap(), file);

    let mut writer = ImageWriter::new(Vec::new(), Header::EMPTY).unwrap();
    let error = writer.sized_section::<Free>(&1, 4, |_| Ok(())).unwrap_err();
    assert_eq!(error.to_string(), "section FREE: its head announces another number of records");
}

/// A section larger than the writer's buffer, and a disk that is full.
#[test]
fn many_pieces_and_failing_output() {
    let record = EdgeRecord { parent: Inode(1), child: Inode(2), id: 9, name: &[b'n'; 255] };
    let mut writer = ImageWriter::new(Cursor::new(Vec::new()), Header::EMPTY).unwrap();
    writer.section::<Edge>(&5, |sink| (0..10_000).try_for_each(|_| sink.push(&record))).unwrap();
    let file = writer.finish().unwrap().into_inner();
    assert!(check(&file).is_ok());
    assert_eq!(opened(&file).sections().next().unwrap().unwrap().read::<Edge>().unwrap().count(), 10_000);

    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
            let n = buf.len().min(self.0);
            self.0 -= n;
            Ok(n)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut writer = ImageWriter::new(Full(100_000), Header::EMPTY).unwrap();
    let result = writer.sized_section::<Edge>(&5, 0, |sink| (0..10_000).try_for_each(|_| sink.push(&record)));
    assert_eq!(result.unwrap_err().kind(), std::io::ErrorKind::WriteZero);
}

proptest::proptest! {
    #[test]
    fn arbitrary_sections_never_panic(body: Vec<u8>, version in 0x10u8..0x17, which in 0..13usize) {
        let (_, name) = [
            Sess::NAME, Scla::NAME, Node::NAME, Edge::NAME, Free::NAME, Quot::NAME, Xatr::NAME, Pacl::NAME,
            Open::NAME, Flck::NAME, Plck::NAME, Csdb::NAME, Chnk::NAME,
        ].into_iter().enumerate().nth(which).unwrap();
        let section = Section { name, version, offset: 40, body: &body };
        let _ = check_section(&section);
    }

    #[test]
    fn damaged_images_never_panic(at: proptest::sample::Index, byte: u8) {
        static FILE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| images().swap_remove(0).1);
        let mut file = FILE.clone();
        let at = at.index(file.len());
        file[at] = byte;
        let _ = check(&file);
    }
}

/// Sections of ours stand behind the marker at which stock stops reading.
#[test]
fn stock_is_left_its_part() {
    let images = images();
    let file: &'static [u8] = Vec::leak(images[0].1.clone());
    let mut writer = ImageWriter::new(Cursor::new(Vec::new()), opened(file).header()).unwrap();
    for section in opened(file).sections() {
        let section = section.unwrap();
        with_section!(section.name, S => rewrite::<S>(&section, &mut writer), other => panic!("{other}"));
    }
    writer.end_for_stock();
    let record = FineTimesRecord { inode: Inode(2), atime: 1, mtime: 999_999_999, ctime: 1 << 30 };
    writer.section::<Xtim>(&(), |sink| sink.push(&record)).unwrap();
    let longer = writer.finish().unwrap().into_inner();
    assert!(longer.ends_with(END_MARKER) && longer.len() > file.len());
    let image = opened(&longer);
    let last = image.sections().last().unwrap().unwrap();
    let records: Vec<_> = last.read::<Xtim>().unwrap().map(Result::unwrap).collect();
    assert_eq!(records, [record]);
    assert_eq!(check(&longer).unwrap().len(), 14);
    assert!(image.for_stock().unwrap() == file);
    assert!(opened(file).for_stock().unwrap() == file, "an image of stock is all stock's");
}
