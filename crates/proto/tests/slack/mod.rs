//! Where a shorter or longer body is a legal packet, too.

use crate::common::Way;

/// A reason why a cut or grown body still decodes.
pub struct Slack {
    /// The reason.
    pub why: &'static str,
    /// One more byte is legal as well.
    pub allows_extra: bool,
    prefix: Prefix,
}

enum Prefix {
    /// Bodies of exactly these lengths.
    Lengths(&'static [usize]),
    /// Bodies short of exactly these numbers of bytes.
    Cuts(&'static [usize]),
    /// Bodies short of a multiple of this.
    Every(usize),
    /// All bodies from this length on.
    From(usize),
}

impl Slack {
    const fn new(prefix: Prefix, why: &'static str) -> Slack {
        Slack { why, allows_extra: false, prefix }
    }

    const fn growing(prefix: Prefix, why: &'static str) -> Slack {
        Slack { why, allows_extra: true, prefix }
    }

    /// What is legal for this packet.
    pub fn of(name: &str, way: &Way) -> Vec<&'static Slack> {
        let fields = way.packets.iter().find(|packet| packet.name == name).expect("declared").fields;
        let by_type = BY_TYPE.iter().filter(|(ty, _)| fields.iter().any(|field| field.ty.starts_with(ty)));
        let by_name = BY_NAME.iter().filter(|(names, _)| names.contains(&name));
        by_type.map(|(_, slack)| slack).chain(by_name.map(|(_, slack)| slack)).collect()
    }

    /// Whether `len` of `whole` bytes may decode.
    pub fn allows_prefix(&self, whole: usize, len: usize) -> bool {
        match self.prefix {
            Prefix::Lengths(lengths) => lengths.contains(&len),
            Prefix::Cuts(cuts) => cuts.contains(&(whole - len)),
            Prefix::Every(step) => (whole - len).is_multiple_of(step),
            Prefix::From(least) => len >= least,
        }
    }
}

/// Every exception made for a packet by name, to be checked for being needed.
pub fn exceptions() -> impl Iterator<Item = (&'static str, &'static str)> {
    BY_NAME.iter().flat_map(|(names, slack)| names.iter().map(|name| (*name, slack.why)))
}

const BY_TYPE: &[(&str, Slack)] = &[
    ("Reply<", Slack::new(Prefix::Lengths(&[5]), "message id and one byte are a status")),
    ("Cred<", Slack::new(Prefix::Cuts(&[4, 8]), "without the gids, their count is the single-gid form")),
];

const BY_NAME: &[(&[&str], Slack)] = &[];
