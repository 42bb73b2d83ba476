//! Lines of stock masters, and lines of every kind.

use super::entropy::Entropy;
use super::*;
use crate::fixtures;
use proptest::prelude::*;
use types::{ChunkIndex, Inode, Name, NodeType, SessionId, Time};

fn written(line: &Line<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    line.write(&mut out);
    out
}

fn with_op<T>(args: &str, check: impl FnOnce(Line<'_>) -> T) -> T {
    let text = format!("7: 100|{args}");
    let mut scratch = Vec::new();
    check(Line::parse(text.as_bytes(), &mut scratch).unwrap_or_else(|e| panic!("{args}: {e}")))
}

fn error_of(text: &str) -> String {
    let mut scratch = Vec::new();
    Line::parse(text.as_bytes(), &mut scratch).expect_err(text).to_string()
}

#[test]
fn every_recorded_line_is_written_as_it_was() {
    let mut scratch = Vec::new();
    let (mut lines, mut ops) = (0, std::collections::BTreeSet::new());
    for (path, content) in fixtures::files("changelog", ".mfs") {
        for text in content.split_inclusive(|&b| b == b'\n') {
            let line = Line::parse(text, &mut scratch)
                .unwrap_or_else(|e| panic!("{}: {e}: {}", path.display(), text.escape_ascii()));
            assert_eq!(written(&line).escape_ascii().to_string(), text.escape_ascii().to_string());
            assert!(line.outcome.as_slice().len() == line.op.results().len(), "{line:?}");
            lines += 1;
            ops.insert(line.op.name());
        }
    }
    assert!(lines >= 3950 && ops.len() >= 44, "{lines} lines, {ops:?}");
}

#[test]
fn samples_of_the_spec() {
    for args in [
        "SETMETAID(7710935597376964636)",
        "SESADD(#18432386147808961246,1,8,0000,0,0,999,999,1,9,0,4294967295,0x00000000,2130706433,/mnt/x):1",
        "CSDBOP(0,184438017,27422,0)",
        "SCSET(cls_w,1,W2,K3,A2,0,3,1,1,0,0,0,2,4,0,0,8,16,0,0,8,16,0,0,32,0,0,0,64,0,0,0,64,0,0,0):12",
        "QUOTA(2,0,255,0,100,200,1048576,2097152,1000000000,2000000000,3000000000,4000000000,3600)",
        "SNAPSHOT(2,1,snap1,0,72,0,[0],18):31,0,0,0,0,15",
        "SNAPSHOT(0,1,snap1,128,72,0,[0],18):31,15,0,0,0,0",
        "APPEND(31,5,0,0)",
        "APPEND(31,5)",
        "EMPTYSUSTAINED(35):1,35",
        "EMPTYTRASH():1,2",
        "POSIXLOCK(32,1,12920331247257281303,U,0,18446744073709551615,0)",
        "SYMLINK(2,sl,../tar%2Cget %28x%29%25,0,0):6",
        "CREATE(2,%E4%B8%AD%E6%96%87,2,511,18,0,0,0):45",
        "SETXATTR(44,user.z,%00%FF%0A%25,0)",
        "SCSET(x,1,W0,K0,A0,0,3,1,-):12",
        "IDLE()",
        "SESSION():4",
    ] {
        with_op(args, |line| assert_eq!(written(&line), format!("7: 100|{args}\n").as_bytes()));
    }
}

/// The left form is read as the right one.
#[test]
fn old_forms() {
    for (old, new) in [
        ("ATTR(3,416,1,2,10,20,8,4505)", "ATTR(3,416,1,2,10,20,8,4505)"),
        ("ATTR(3,416,1,2,10,20,4505)", "ATTR(3,416,1,2,10,20,0,4505)"),
        ("ATTR(3,416,1,2,10,20)", "ATTR(3,416,1,2,10,20,0,0)"),
        ("CREATE(1,x,d,511,3,4,0):9", "CREATE(1,x,2,511,0,3,4,0):9"),
        ("SETGOAL(1,0,3,4):1,2,3", "SETSCLASS(1,0,3,3,4):1,2,3"),
        ("LENGTH(3,5)", "LENGTH(3,5,1)"),
        ("WRITE(3,0):7", "WRITE(3,0,1,1):7"),
        ("WRITE(3,0,0):7", "WRITE(3,0,0,1):7"),
        ("QUOTA(2,0,255,0,1,2,3,4,5,6,7,8)", "QUOTA(2,0,255,0,1,2,3,4,5,6,7,8,0)"),
        ("FREEINODES():1", "FREEINODES(86400):1"),
        ("EMPTYRESERVED():1", "EMPTYSUSTAINED():1"),
        ("AQUIRE(1,2)", "ACQUIRE(1,2)"),
        ("CUSTOMER():4", "SESSION():4"),
        ("CSADD(5,9422)", "CSDBOP(0,5,9422,0)"),
        ("CSDEL(5,9422)", "CSDBOP(1,5,9422,0)"),
        ("FLOCK(1,2,3,s)", "FLOCK(1,2,3,R)"),
        ("FLOCK(1,2,3,E)", "FLOCK(1,2,3,W)"),
        ("POSIXLOCK(1,2,3,u,0,9,1)", "POSIXLOCK(1,2,3,U,0,9,1)"),
        ("SNAPSHOT(2,1,s,0,72,1,20,18)", "SNAPSHOT(2,1,s,0,72,1,[20],18)"),
        ("SNAPSHOT(2,1,s,0,72,1,2,d%00%00%00%14%00%00%00,18)", "SNAPSHOT(2,1,s,0,72,1,[100,20],18)"),
        ("SESADD(1,8,0,0,1,2,1,9,0,60,5,/m):1", "SESADD(#0,1,8,0000,0,0,1,2,1,9,0,60,0x00000000,5,/m):1"),
        (
            "SESADD(#7,1,8,0027,3,0,1,2,1,9,0,60,5,/m):1",
            "SESADD(#7,1,8,0027,3,0,1,2,1,9,0,60,0x00000000,5,/m):1",
        ),
        ("UNLINK(1,a):2 \r", "UNLINK(1,a):2"),
    ] {
        with_op(old, |line| {
            assert_eq!(String::from_utf8(written(&line)).unwrap(), format!("7: 100|{new}\n"), "{old}");
        });
    }
}

#[test]
fn built_as_a_master_does() {
    let node = NewNode { kind: NodeType::Dir, mode: 0o755, umask: 0o22 };
    let name = Name::new(b"a,b\n").unwrap();
    let op = Op::Create { parent: Inode(1), name, node, uid: 0, gid: 0, rdev: 0 };
    let line = Line { version: 12, ts: 1795345043.into(), op, outcome: Outcome::one(2) };
    assert_eq!(written(&line), b"12: 1795345043|CREATE(1,a%2Cb%0A,2,493,18,0,0,0):2\n");
    let op = Op::Append { dst: Inode(3), src: Inode(4), range: Some((ChunkIndex(0), ChunkIndex(1))) };
    let mut entry = Vec::new();
    Line { version: 12, ts: 5.into(), op, outcome: Outcome::none() }.write_entry(&mut entry);
    assert_eq!(entry, b"5|APPEND(3,4,0,1)");
    assert_eq!(Line::parse_entry(12, &entry, &mut Vec::new()).unwrap().op, op);
}

#[test]
fn parts_of_seconds_stand_at_the_end() {
    let extra = AttrExtra { winattr: 0, aclmode: 0 };
    let (atime, mtime) = (Time::new(1 << 32, 5), 7.into());
    let op = Op::Attr { inode: Inode(2), mode: 0o644, uid: 0, gid: 0, atime, mtime, extra };
    let line = Line { version: 7, ts: Time::new(100, 20), op, outcome: Outcome::none() };
    assert_eq!(written(&line), b"7: 100|ATTR(2,420,0,0,0,7,0,0);20,1073741829,0\n");
    let line = Line { ts: 100.into(), ..line };
    assert_eq!(written(&line), b"7: 100|ATTR(2,420,0,0,0,7,0,0);0,1073741829,0\n");
    with_op("UNLINK(1,a;5):3;1", |line| assert_eq!(line.ts, Time::new(100, 1)));
    with_op("UNLINK(1,a;5):3", |line| assert_eq!(line.ts, 100.into()));
    for bad in [";", ";x", ";1,2", ";1000000000", ";1,", ";1;2", ";1 2", ";+1"] {
        error_of(&format!("7: 100|UNLINK(1,a):3{bad}"));
    }
}

#[test]
fn names_without_escapes_are_not_copied() {
    let text = b"7: 100|RELEASE(1,2)".as_slice();
    let mut scratch = Vec::new();
    let op = Line::parse(text, &mut scratch).unwrap().op;
    assert_eq!(op, Op::Release { session: SessionId(1), inode: Inode(2) });
    let text = b"7: 100|SCDEL(abc):1".as_slice();
    let Op::ScDel { name } = Line::parse(text, &mut scratch).unwrap().op else { panic!("no SCDEL") };
    assert!(text.as_ptr_range().contains(&name.as_bytes().as_ptr()));
}

#[test]
fn errors_say_where_and_what() {
    let long = format!("1: 2|UNLINK(1,{}):3", "x".repeat(256));
    for (text, message) in [
        ("", "column 1: a metadata version expected"),
        ("12; ", "column 3: ':' behind the version expected"),
        ("12: 99999999999|ACCESS(1)", "column 5: a time in Unix seconds expected"),
        ("12: 1|ACCESS", "column 13: an operation's name and '(' expected"),
        ("12: 1|PATADD(x)", "column 7: unknown operation 'PATADD'"),
        ("12: 1|ACCESS(x)", "column 14: an inode expected"),
        ("12: 1|ACCESS(1,2)", "column 15: ')' behind the arguments expected"),
        ("12: 1|ACCESS(1):5", "column 16: the end of the line expected"),
        ("12: 1|UNLINK(1,a%4)", "column 17: '%' and two upper-case hexadecimal digits expected"),
        ("12: 1|UNLINK(1,a)", "column 18: inode expected"),
        ("12: 1|UNLINK(1,a):4294967296x", "column 29: the end of the line expected"),
        (
            "12: 1|SETACL(1,2,1,1,6,4,4,5,2,1,ab)",
            "column 36: 6 bytes per named ACL entry before this expected",
        ),
        ("12: 1|SNAPSHOT(1,2,x,0,0,0,[],0)", "column 29: a group expected"),
        ("1: 2|CREATE(1,x,8x):3", "column 18: ',' expected"),
        (&long, "column 15: a name of at most 255 bytes expected"),
    ] {
        assert_eq!(error_of(text), message, "{text}");
    }
}

#[test]
fn no_prefix_of_a_line_is_taken_for_another_operation() {
    let mut scratch = Vec::new();
    for (_, content) in fixtures::files("changelog.1", ".mfs") {
        for text in content.split(|&b| b == b'\n').filter(|t| !t.is_empty()) {
            let whole = Line::parse(text, &mut Vec::new()).unwrap().op.name();
            for end in 0..text.len() {
                if let Ok(line) = Line::parse(&text[..end], &mut scratch) {
                    assert_eq!(line.op.name(), whole);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_operation_survives_its_text(
        index in 0..Op::NAMES.len(), bytes: Vec<u8>, name in prop::collection::vec(any::<u8>(), 0..300),
        version: u64, low: u32, fine in 0..1_000_000_000_u32, results: [u64; 6],
    ) {
        let bytes = [bytes, name].concat();
        let op = Op::any(index, &mut Entropy(&bytes));
        let outcome = Outcome::from_slice(&results[..op.results().len()]);
        let ts = Time::from_parts(low, fine).unwrap();
        let line = Line { version, ts, op, outcome };
        let text = written(&line);
        prop_assert_eq!(text.iter().filter(|b| **b < 0x20 || **b > 0x7E).count(), 1, "only the newline");
        let mut scratch = Vec::new();
        prop_assert_eq!(Line::parse(&text, &mut scratch).unwrap(), line);
    }

    #[test]
    fn arbitrary_bytes_never_panic(text: Vec<u8>) {
        let mut scratch = Vec::new();
        let _ = Line::parse(&text, &mut scratch);
    }

    #[test]
    fn damaged_lines_never_panic(
        index in 0..Op::NAMES.len(), bytes: Vec<u8>, at: prop::sample::Index, with in prop::sample::select(b",)([]%-#0:9x\n\0".to_vec()),
    ) {
        let op = Op::any(index, &mut Entropy(&bytes));
        let outcome = Outcome::from_slice(&[1; 6][..op.results().len()]);
        let mut text = written(&Line { version: 1, ts: Time::new(2, 3), op, outcome });
        let at = at.index(text.len());
        text[at] = with;
        let _ = Line::parse(&text, &mut Vec::new());
        text.insert(at, with);
        let _ = Line::parse(&text, &mut Vec::new());
    }
}
