//! Nodes, names, and what hangs on nodes.

use super::{DumpSection, Style, hex, text::text};
use crate::image::{
    AclRecord, Edge, EdgeRecord, FineTimesRecord, Free, FreeRecord, Node, NodeData, NodeHead, NodeRecord,
    Pacl, Quot, QuotaRecord, Xatr, XattrRecord, Xtim,
};
use std::io::{self, Write};
use types::{ChunkId, Inode, NodeType};

impl<'a> DumpSection<'a> for Node {
    fn head_line(head: &NodeHead, _style: Style, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "# maxinode: {} ; hashelements: {}", head.max_inode, head.count)
    }

    fn line(node: &NodeRecord<'a>, style: Style, out: &mut impl Write) -> io::Result<()> {
        let NodeRecord { inode, sclass, eattr, winattr, mode, uid, gid, atime, mtime, ctime, .. } = node;
        write!(out, "NODE|k:{}|i:{inode:10}|#:{sclass}|e:0x{eattr:02X}", kind(node.kind))?;
        write!(out, "|w:0x{winattr:1X}|m:0{mode:04o}|u:{uid:10}|g:{gid:10}")?;
        write!(out, "|a:{atime:10},m:{mtime:10},c:{ctime:10}|t:{:5}h", node.trash_hours)?;
        match &node.data {
            NodeData::None => {}
            NodeData::Device(rdev) => write!(out, "|d:{:5},{:5}", rdev >> 16, rdev & 0xFFFF)?,
            NodeData::Symlink(target) => {
                out.write_all(b"|p:")?;
                text(target, style.dots, out)?;
            }
            NodeData::File { length, chunks } => {
                write!(out, "|l:{length:20}|c:(")?;
                for (i, chunk) in chunks.iter().enumerate() {
                    let comma = if i > 0 { "," } else { "" };
                    match chunk {
                        ChunkId(0) => write!(out, "{comma}N")?,
                        chunk => write!(out, "{comma}{chunk:016X}")?,
                    }
                }
                out.write_all(b")")?;
            }
        }
        out.write_all(b"\n")
    }
}

fn kind(kind: NodeType) -> char {
    match kind {
        NodeType::File => '-',
        NodeType::Dir => 'D',
        NodeType::Symlink => 'L',
        NodeType::Fifo => 'F',
        NodeType::BlockDev => 'B',
        NodeType::CharDev => 'C',
        NodeType::Socket => 'S',
        NodeType::Trash => 'T',
        NodeType::Sustained => 'R',
    }
}

impl<'a> DumpSection<'a> for Edge {
    fn head_line(next: &u64, style: Style, out: &mut impl Write) -> io::Result<()> {
        if style.version == 0x10 {
            return Ok(());
        }
        writeln!(out, "# nextedgeid: {next:016X}")
    }

    fn line(edge: &EdgeRecord<'a>, style: Style, out: &mut impl Write) -> io::Result<()> {
        match edge.parent {
            Inode(0) => out.write_all(b"EDGE|p:      NULL")?,
            parent => write!(out, "EDGE|p:{parent:10}")?,
        }
        write!(out, "|c:{:10}|i:0x{:016X}|n:", edge.child, edge.id)?;
        text(edge.name, style.dots, out)?;
        out.write_all(b"\n")
    }
}

impl<'a> DumpSection<'a> for Free {
    fn head_line(count: &u32, _style: Style, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "# free nodes: {count}")
    }

    fn line(record: &FreeRecord, _style: Style, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "FREEID|i:{:10}|f:{:10}", record.inode, record.freed)
    }
}

impl<'a> DumpSection<'a> for Quot {
    fn head_line(count: &u32, _style: Style, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "# quota nodes: {count}")
    }

    fn line(quota: &QuotaRecord, style: Style, out: &mut impl Write) -> io::Result<()> {
        let QuotaRecord { inode, grace, exceeded, flags, stamp, limits } = quota;
        let exceeded = u8::from(*exceeded);
        // Version 1.0 has none, and stock shows a week.
        let grace = if style.version == 0x10 { &604_800 } else { grace };
        write!(out, "QUOTA|i:{inode:10}|g:{grace}|e:{exceeded}|f:0x{flags:02X}|s:{stamp:10}")?;
        // The flag bits stand for soft limits, then for hard ones; the columns go by pairs.
        let columns = [
            ("si", 0x01, 10, u64::from(limits.soft_inodes)),
            ("hi", 0x10, 10, limits.hard_inodes.into()),
            ("sl", 0x02, 20, limits.soft_length),
            ("hl", 0x20, 20, limits.hard_length),
            ("ss", 0x04, 20, limits.soft_size),
            ("hs", 0x40, 20, limits.hard_size),
            ("sr", 0x08, 20, limits.soft_real_size),
            ("hr", 0x80, 20, limits.hard_real_size),
        ];
        for (name, bit, width, limit) in columns {
            match flags & bit {
                0 => write!(out, "|{name}:{:>width$}", "-")?,
                _ => write!(out, "|{name}:{limit:width$}")?,
            }
        }
        out.write_all(b"\n")
    }
}

impl<'a> DumpSection<'a> for Xatr {
    fn line(record: &XattrRecord<'a>, style: Style, out: &mut impl Write) -> io::Result<()> {
        write!(out, "XATTR|i:{:10}|n:", record.inode)?;
        text(record.name.as_bytes(), style.dots, out)?;
        out.write_all(b"|v:")?;
        hex::upper(record.value, out)?;
        out.write_all(b"\n")
    }
}

impl<'a> DumpSection<'a> for Pacl {
    fn line(acl: &AclRecord<'a>, _style: Style, out: &mut impl Write) -> io::Result<()> {
        let AclRecord { inode, kind, user, group, other, mask, named } = acl;
        write!(
            out,
            "POSIXACL|i:{inode:10}|t:{kind}|u:0{user:05o}|g:0{group:05o}|o:0{other:05o}|m:0{mask:05o}|n:("
        )?;
        let entries = named.users().map(|e| ('u', e)).chain(named.groups().map(|e| ('g', e)));
        for (i, (who, entry)) in entries.enumerate() {
            let comma = if i > 0 { "," } else { "" };
            write!(out, "{comma}{who}({}):0{:05o}", entry.id, entry.perm)?;
        }
        out.write_all(b")\n")
    }
}

impl<'a> DumpSection<'a> for Xtim {
    fn line(times: &FineTimesRecord, _style: Style, out: &mut impl Write) -> io::Result<()> {
        let FineTimesRecord { inode, atime, mtime, ctime } = times;
        writeln!(out, "FINETIMES|i:{inode:10}|a:{atime:10},m:{mtime:10},c:{ctime:10}")
    }
}
