//! `docs/protocol.md`, made from the declarations.

mod shapes;

use crate::{Direction, EXTENSION_IDS, FieldDoc, PacketDoc, record::RecordDoc};
use crate::{admin, any, client_master as cm, cs_data, cs_master, health, info, jobs, metalogger};
use shapes::SHAPES;
use std::fmt::Write;

/// Name, documentation and packets of a direction.
type DirectionDoc = (&'static str, &'static [&'static str], &'static [PacketDoc]);

fn direction<D: Direction<'static>>() -> DirectionDoc {
    (D::NAME, D::DOC, D::PACKETS)
}

fn directions() -> [DirectionDoc; 8] {
    [
        direction::<cm::CltoMa>(),
        direction::<cm::MatoCl>(),
        direction::<cs_data::CltoCs>(),
        direction::<cs_data::CsToCl>(),
        direction::<cs_master::CsToMa>(),
        direction::<cs_master::MatoCs>(),
        direction::<metalogger::MltoMa>(),
        direction::<metalogger::MatoMl>(),
    ]
}

/// What each file of packets is about, and its packets.
const FAMILIES: [(&str, &[PacketDoc]); 17] = [
    ("Any node to any node", any::PACKETS),
    ("Client and master: registration", cm::register::PACKETS),
    ("Client and master: names, attributes, directories, opening", cm::namespace::PACKETS),
    ("Client and master: data", cm::data::PACKETS),
    ("Client and master: locks", cm::locks::PACKETS),
    ("Client and master: extended attributes and ACLs", cm::xattr::PACKETS),
    ("Client and master: tools", cm::tools::PACKETS),
    ("Client and master: storage classes", cm::sclass::PACKETS),
    ("Client and master: trash and sustained files", cm::meta::PACKETS),
    ("Client and master: without being asked", cm::notify::PACKETS),
    ("The chunkserver's data port", cs_data::PACKETS),
    ("Chunkserver and master", cs_master::PACKETS),
    ("Metalogger and master", metalogger::PACKETS),
    ("Administration and monitoring", info::PACKETS),
    ("Administration of our master", admin::PACKETS),
    ("Extensions: how a master is", health::PACKETS),
    ("Extensions: background jobs", jobs::PACKETS),
];

fn records() -> impl Iterator<Item = &'static RecordDoc> {
    let ours = &[admin::RECORDS, health::RECORDS, jobs::RECORDS];
    [cm::RECORDS_BY_FILE, cs_master::RECORDS_BY_FILE, info::RECORDS_BY_FILE, ours]
        .into_iter()
        .flatten()
        .copied()
        .flatten()
}

/// The whole of `docs/protocol.md`.
pub fn protocol_markdown() -> String {
    let mut out = String::from(INTRODUCTION);
    out.push_str("\n## Directions\n\n| direction | what travels |\n| --- | --- |\n");
    for (name, doc, packets) in directions() {
        let ids: Vec<String> = packets.iter().map(|packet| packet.id.to_string()).collect();
        line(&mut out, format_args!("| {name} |{} {} |", joined(doc), ids.join(" ")));
    }
    out.push_str("\n## Extensions\n\n");
    let (first, last) = (EXTENSION_IDS.start(), EXTENSION_IDS.end());
    line(&mut out, format_args!("Ids {first:#x} to {last:#x} are kept for packets between our own ends."));
    out.push_str(EXTENSIONS);
    for (title, packets) in FAMILIES {
        line(&mut out, format_args!("\n## {title}"));
        packets.iter().for_each(|packet| packet_section(&mut out, packet));
    }
    out.push_str("\n## Parts of packets\n");
    for record in records() {
        line(
            &mut out,
            format_args!(
                "\n**{}** ({}){}\n",
                record.name,
                size(record.min_size, record.fields),
                joined(record.doc)
            ),
        );
        fields(&mut out, record.fields);
    }
    out.push_str("\n## Other types\n\n| type | bytes |\n| --- | --- |\n");
    for (name, bytes) in SHAPES {
        line(&mut out, format_args!("| `{name}` | {} |", bytes.replace('|', "\\|")));
    }
    out
}

const EXTENSIONS: &str = "They are only sent to a peer that offered to understand them. A client offers extensions in the text of its
registration, behind the NUL that ends what is shown of it: `elkfs:`, a decimal number with a bit for each, NUL. The master
tells those it takes at the end of its answer; a stock master's answer has no such end. Bit 0: times beyond stock's seconds.
";

const INTRODUCTION: &str = "# The protocol

Made from the declarations in `crates/proto` (`UPDATE_DOCS=1 cargo test -p proto` rewrites it); do not edit.

Every packet is `u32 id | u32 length | body`, everything unsigned and big-endian. Below, each packet has its id, name,
directions and the size of its body in bytes, then its fields in order. Layouts are those of MooseFS 3.0.117.
";

fn packet_section(out: &mut String, packet: &PacketDoc) {
    let travels: Vec<&str> = directions()
        .into_iter()
        .filter(|(_, _, packets)| packets.iter().any(|other| other.name == packet.name))
        .map(|(name, _, _)| name)
        .collect();
    let size = size(packet.min_size, packet.fields);
    line(
        out,
        format_args!(
            "\n**{} {}** ({}; {size}){}\n",
            packet.id,
            packet.name,
            travels.join(", "),
            joined(packet.doc)
        ),
    );
    fields(out, packet.fields);
}

/// The size, with "or more" when a field has no fixed one.
fn size(min_size: usize, fields: &[FieldDoc]) -> String {
    let fixed = fields.iter().all(|field| !field.ty.contains(['<', '?']) || field.ty.starts_with("Tag"));
    let fixed = fixed && fields.iter().all(|field| !VARYING.contains(&field.ty));
    format!("{min_size}{}", if fixed { "" } else { " or more" })
}

/// Types without a lifetime that still vary in size.
const VARYING: [&str; 10] = [
    "Ack",
    "ArchReply",
    "BadCommand",
    "DirStatsReply",
    "DownloadInfo",
    "MlRegister",
    "ModuleForm",
    "ProtoVer",
    "RegisterReply",
    "WriteEnd",
];

fn fields(out: &mut String, fields: &[FieldDoc]) {
    if fields.is_empty() {
        return;
    }
    let layout: Vec<String> =
        fields.iter().map(|field| format!("{} {}", plain(field.ty), field.name)).collect();
    line(out, format_args!("`{}`", layout.join(" | ")));
    let mut first = true;
    for field in fields.iter().filter(|field| !field.doc.is_empty()) {
        if first {
            out.push('\n');
            first = false;
        }
        line(out, format_args!("* `{}`:{}", field.name, joined(field.doc)));
    }
}

/// A type without its lifetimes, which mean nothing on a wire.
fn plain(ty: &str) -> String {
    ty.replace("<'a>", "").replace("'a, ", "")
}

fn joined(doc: &[&str]) -> String {
    doc.concat()
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes everything");
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_committed_file_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
        let fresh = protocol_markdown();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &fresh).expect("docs/protocol.md can be written");
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == fresh, "docs/protocol.md is stale: run UPDATE_DOCS=1 cargo test -p proto");
    }

    #[test]
    fn every_packet_travels_and_every_travelling_packet_has_a_family() {
        let names = |packets: &[PacketDoc]| packets.iter().map(|packet| packet.name).collect::<Vec<_>>();
        let declared: BTreeSet<_> = FAMILIES.iter().flat_map(|(_, packets)| names(packets)).collect();
        let travelling: BTreeSet<_> =
            directions().iter().flat_map(|(_, _, packets)| names(packets)).collect();
        assert_eq!(declared, travelling);
        assert_eq!(declared.len(), FAMILIES.iter().map(|(_, packets)| packets.len()).sum::<usize>());
    }

    #[test]
    fn ids_are_unique_in_each_direction_and_ours_are_in_their_range() {
        for (name, _, packets) in directions() {
            let ids: BTreeSet<_> = packets.iter().map(|packet| packet.id).collect();
            assert_eq!(ids.len(), packets.len(), "{name}");
            assert!(ids.iter().all(|id| *id < 1000 || EXTENSION_IDS.contains(id)));
        }
    }

    #[test]
    fn every_type_is_explained() {
        let known: BTreeSet<&str> = records()
            .map(|record| record.name)
            .chain(SHAPES.iter().map(|(name, _)| name.split(['<', '[']).next().unwrap()))
            .chain(["u8", "u16", "u32", "u64", "a"])
            .collect();
        let packets =
            FAMILIES.iter().flat_map(|(_, packets)| packets.iter()).flat_map(|packet| packet.fields);
        for field in packets.chain(records().flat_map(|record| record.fields)) {
            let words = field.ty.split(|c: char| !c.is_alphanumeric() && c != '_');
            for word in words.filter(|word| word.starts_with(|c: char| c.is_alphabetic())) {
                assert!(known.contains(word), "{word} in {}: {}", field.name, field.ty);
            }
        }
    }
}
