//! Every option of every daemon as a table: its kind, default, range and what becomes of it
//! (`spec/config-and-daemons.md` 3, 4, 6; `spec/wire-chunkserver.md` 5.2).

mod chunkserver;
mod common;
mod master;
mod metalogger;

pub use chunkserver::CHUNKSERVER;
pub use common::COMMON;
pub use master::MASTER;
pub use metalogger::METALOGGER;

/// What values an option takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A whole number in C notation (`10`, `0x1f`, `027` is octal). Outside the range it is clamped with a warning, as
    /// stock does.
    Int {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// A number with a fraction; clamped like [`Kind::Int`].
    Real {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// 0 is no, any other number is yes.
    Flag,
    /// One to four numbers separated by commas; a single one stands for four equal ones.
    Four,
    /// A TCP port: a number from 1 to 65535 or a service name.
    Port,
    /// A host name, an address, or `*` for any.
    Host,
    /// A file or directory.
    Path,
    /// A number of bytes: digits with an optional fraction, then `k M G T P E` (powers of 1000) or
    /// `Ki Mi Gi Ti Pi Ei` (powers of 1024), then an optional `B`.
    Size,
    /// Any text, perhaps empty.
    Text,
    /// One of a few words, in any case.
    Word(&'static [&'static str]),
}

/// What becomes of an option that is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is obeyed.
    Obeyed,
    /// It is an older or alternative name: read when the option it stands for is not set.
    OldName(&'static str),
    /// Known, and without meaning here for the reason given: a warning says so.
    NoMeaning(&'static str),
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct OptionDef {
    /// Its name as written in the file.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// The value when it is not set, as it would be written. `${ETC}` and `${DATA}` stand for the configuration and
    /// data directories of this installation; empty with kinds other than text means "not set".
    pub default: &'static str,
    /// What becomes of it.
    pub effect: Effect,
    /// True when a reload applies a new value; otherwise it takes a restart.
    pub reload: bool,
    /// One line for the operator.
    pub doc: &'static str,
}

const fn option(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> OptionDef {
    OptionDef { name, kind, default, effect: Effect::Obeyed, reload: true, doc }
}

/// An option that a reload does not apply.
const fn fixed(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> OptionDef {
    OptionDef { name, kind, default, effect: Effect::Obeyed, reload: false, doc }
}

const fn old(name: &'static str, kind: Kind, of: &'static str) -> OptionDef {
    OptionDef { name, kind, default: "", effect: Effect::OldName(of), reload: true, doc: "older name" }
}

const fn no_meaning(name: &'static str, why: &'static str) -> OptionDef {
    OptionDef { name, kind: Kind::Text, default: "", effect: Effect::NoMeaning(why), reload: false, doc: why }
}

const fn int(min: i64, max: i64) -> Kind {
    Kind::Int { min, max }
}

const SECONDS: Kind = int(0, u32::MAX as i64);

impl Kind {
    /// What may be written, for messages.
    pub fn allowed(&self) -> String {
        match self {
            Kind::Int { min, max } => format!("a whole number from {min} to {max}"),
            Kind::Real { min, max } => format!("a number from {min} to {max}"),
            Kind::Flag => "0 (no) or 1 (yes)".into(),
            Kind::Four => "one number, or four numbers separated by commas".into(),
            Kind::Port => "a port number from 1 to 65535 or the name of a TCP service".into(),
            Kind::Host => "a host name, an IPv4 address, or *".into(),
            Kind::Path => "a path".into(),
            Kind::Size => "a size such as 4096, 256MiB, 1.5TiB or 10GB".into(),
            Kind::Text => "any text".into(),
            Kind::Word(words) => format!("one of {}", words.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables against the samples that Debian's packages install, when they are installed here.
    #[test]
    fn every_option_of_the_stock_samples_is_known_with_its_default() {
        // Not set is more than stock's default: everything is synced.
        const STRONGER: &[&str] = &["CHANGELOG_SAVE_MODE", "HDD_FSYNC_BEFORE_CLOSE"];
        // AUTH_CODE and the REMAP options are undefined by default; the samples show an example. A stock build
        // names its own user and directories.
        const EXAMPLES: &[&str] =
            &["AUTH_CODE", "REMAP_BITS", "REMAP_SOURCE_IP_CLASS", "REMAP_DESTINATION_IP_CLASS"];
        for (name, table) in [("master", MASTER), ("metalogger", METALOGGER), ("chunkserver", CHUNKSERVER)] {
            let sample = format!("/usr/share/doc/moosefs-{name}/examples/mfs{name}.cfg");
            let Ok(text) = std::fs::read_to_string(sample) else { continue };
            for line in text.lines() {
                let Some((key, value)) = line.trim_start_matches(['#', ' ']).split_once('=') else {
                    continue;
                };
                let (key, value) = (key.trim(), value.trim());
                if !key.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') {
                    continue;
                }
                let def = table.iter().flat_map(|part| part.iter()).find(|def| def.name == key);
                let def = def.unwrap_or_else(|| panic!("mfs{name}.cfg: {key} is not known"));
                let ours = def.default.replace("${ETC}", "/etc/mfs").replace("${DATA}", "/var/lib/mfs");
                let own_default =
                    key.starts_with("WORKING_") || EXAMPLES.contains(&key) || key == "SYSLOG_IDENT";
                let own_default = own_default || STRONGER.contains(&key);
                assert!(own_default || ours == value, "mfs{name}.cfg: {key} = {value:?}, ours is {ours:?}");
            }
        }
    }

    #[test]
    fn tables_are_sound() {
        for table in [MASTER, METALOGGER, CHUNKSERVER] {
            let all: Vec<&OptionDef> = table.iter().flat_map(|part| part.iter()).collect();
            for (i, def) in all.iter().enumerate() {
                assert!(all[..i].iter().all(|other| other.name != def.name), "{} twice", def.name);
                if let Effect::OldName(of) = def.effect {
                    assert!(all.iter().any(|other| other.name == of), "{} stands for nothing", def.name);
                }
            }
        }
    }
}
