//! The samples of configuration files. Those of the daemons are written from the very tables that the daemons obey.

use daemon::Layout;
use daemon::options::{Effect, Kind, OptionDef};
use std::fmt::Write as _;

/// Files that are no list of options: name and text.
pub(super) const TEXTS: &[(&str, &str)] = &[
    ("mfsexports.cfg.dist", include_str!("samples/mfsexports.cfg.dist")),
    ("mfshdd.cfg.dist", include_str!("samples/mfshdd.cfg.dist")),
    ("mfsmount.cfg.dist", include_str!("samples/mfsmount.cfg.dist")),
    ("mfstopology.cfg.dist", include_str!("samples/mfstopology.cfg.dist")),
];

/// Who daemons run as in this installation, when that was said.
#[derive(Clone, Copy, Default)]
pub(super) struct Identity<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) group: Option<&'a str>,
}

/// The sample for a daemon: every option, commented out, with its default. Only an identity given to the installation
/// is set, because no default of the program could know it.
pub(super) fn daemon_sample(
    name: &str,
    tables: &[&[OptionDef]],
    layout: &Layout,
    identity: Identity<'_>,
) -> String {
    let mut text = format!(
        "# Options of {name}. Each line shows the default: to change one, remove its # and write another value.\n\
         # `{name} reload` applies a change, but for options marked (restart).\n"
    );
    let set = [("WORKING_USER", identity.user), ("WORKING_GROUP", identity.group)];
    let obeyed = tables.iter().flat_map(|part| part.iter()).filter(|def| def.effect == Effect::Obeyed);
    for def in obeyed {
        let value = set.iter().find(|(option, _)| *option == def.name).and_then(|(_, value)| *value);
        let restart = if def.reload { "" } else { " (restart)" };
        let _ = write!(text, "\n# {}{}{restart}\n", def.doc, range(&def.kind));
        let _ = match value {
            Some(value) => writeln!(text, "{} = {value}", def.name),
            None => writeln!(text, "# {} = {}", def.name, layout.expand(def.default)),
        };
    }
    text
}

/// The range of a number; other kinds are told by their default.
fn range(kind: &Kind) -> String {
    match kind {
        Kind::Int { min, max } => format!(" [{min}..{max}]"),
        Kind::Real { min, max } => format!(" [{min}..{max}]"),
        Kind::Word(words) => format!(" [{}]", words.join(" ")),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemon::Config;
    use daemon::options::{CHUNKSERVER, MASTER, METALOGGER};
    use std::path::Path;

    fn layout() -> Layout {
        Layout::new("/p/etc".into(), "/p/var/mfs".into())
    }

    /// Removing every # must change nothing: the samples tell the truth about the defaults.
    #[test]
    fn samples_show_the_defaults() {
        for (name, tables) in
            [("mfsmaster", MASTER), ("mfsmetalogger", METALOGGER), ("mfschunkserver", CHUNKSERVER)]
        {
            let text = daemon_sample(name, tables, &layout(), Identity::default());
            let commented = text.lines().all(|line| line.is_empty() || line.starts_with('#'));
            assert!(commented, "{name}: an option is set");
            let active: String = text
                .lines()
                .filter_map(|line| line.strip_prefix("# ").filter(|line| line.contains(" = ")))
                .filter(|line| !line.trim_end().ends_with('='))
                .fold(String::new(), |all, line| all + line + "\n");
            let path = Path::new("sample");
            let set = Config::parse(active.as_bytes(), path, tables, &layout()).unwrap();
            let unset = Config::parse(b"", path, tables, &layout()).unwrap();
            assert_eq!(set.warnings(), &[] as &[String], "{name}");
            let different: Vec<&str> = set.differences(&unset).map(|def| def.name).collect();
            assert_eq!(different, Vec::<&str>::new(), "{name}");
            let known = tables.iter().flat_map(|part| part.iter());
            for def in known.filter(|def| def.effect == Effect::Obeyed) {
                assert!(text.contains(&format!("# {} =", def.name)), "{name}: {} is missing", def.name);
            }
        }
    }

    #[test]
    fn an_identity_is_set() {
        let identity = Identity { user: Some("storage"), group: None };
        let text = daemon_sample("mfsmaster", MASTER, &layout(), identity);
        assert!(text.contains("\nWORKING_USER = storage\n") && text.contains("\n# WORKING_GROUP = \n"));
        assert!(text.contains("\n# DATA_PATH = /p/var/mfs\n"));
    }
}
