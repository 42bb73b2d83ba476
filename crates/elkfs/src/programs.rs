//! Names and the programs they stand for (`spec/tools.md` 1).

use crate::roles;
use std::ffi::OsString;
use std::process::ExitCode;

/// Where a program stands in the overview.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// Daemons.
    Servers,
    /// What runs where the file system is used or watched.
    Clients,
    /// What works on files of servers that do not run.
    Offline,
}

/// A program inside this binary.
pub(crate) struct Program {
    /// The name of the file it is called by; as a subcommand of `elkfs` also without `mfs`.
    pub(crate) name: &'static str,
    /// Further names of files.
    pub(crate) also: &'static [&'static str],
    /// Where it stands in the overview.
    pub(crate) group: Group,
    /// What it is, in a line.
    pub(crate) about: &'static str,
    /// Takes the arguments behind the name.
    pub(crate) main: fn(Vec<OsString>) -> ExitCode,
}

/// All of them.
pub(crate) const PROGRAMS: &[Program] = &[
    Program {
        name: "mfsmaster",
        also: &[],
        group: Group::Servers,
        about: "Daemon that owns all metadata",
        main: roles::master::main,
    },
    Program {
        name: "mfschunkserver",
        also: &[],
        group: Group::Servers,
        about: "Daemon that keeps chunks of files on its disks",
        main: roles::chunkserver::main,
    },
    Program {
        name: "mfschunktool",
        also: &[],
        group: Group::Offline,
        about: "Checks and repairs chunk files that no server uses",
        main: roles::chunktool::main,
    },
    Program {
        name: "mfsmetalogger",
        also: &[],
        group: Group::Servers,
        about: "Daemon that keeps a copy of the master's metadata",
        main: roles::metalogger::main,
    },
    Program {
        name: "mfsmetarestore",
        also: &[],
        group: Group::Offline,
        about: "Makes the newest metadata from images and changelogs",
        main: roles::metatools::restore,
    },
    Program {
        name: "mfsmetadump",
        also: &[],
        group: Group::Offline,
        about: "Shows a metadata image as text",
        main: roles::metatools::dump,
    },
    Program {
        name: "mfsstatsdump",
        also: &[],
        group: Group::Offline,
        about: "Shows the charts that a master keeps on disk",
        main: roles::statsdump::master,
    },
    Program {
        name: "mfscsstatsdump",
        also: &[],
        group: Group::Offline,
        about: "Shows the charts that a chunkserver keeps on disk",
        main: roles::statsdump::chunkserver,
    },
    Program {
        name: "mfsmount",
        also: &["mount.moosefs"],
        group: Group::Clients,
        about: "Mounts the file system",
        main: roles::mount::main,
    },
    Program {
        name: "mfscli",
        also: &[],
        group: Group::Clients,
        about: "State of a cluster for people, scripts and programs (--json); commands to the master",
        main: mfscli::main,
    },
    Program {
        name: "mfstools",
        also: &[],
        group: Group::Clients,
        about: "All tools of daily work in one program",
        main: tools::multi_call,
    },
];

/// All names of files: programs and tools.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let programs = PROGRAMS.iter().flat_map(|program| program.also.iter().copied().chain([program.name]));
    programs.chain(tools::TOOLS.iter().flat_map(tools::Tool::names))
}

/// What there is, in groups, for `elkfs help`.
pub(crate) fn overview() -> String {
    let mut text = String::from("MooseFS's programs, also under these names as links to this file:\n");
    let groups = [
        (Group::Servers, "Servers"),
        (Group::Clients, "Where it is used and watched"),
        (Group::Offline, "On files of servers that do not run"),
    ];
    for (group, title) in groups {
        text += &format!("\n  {title}:\n");
        for program in PROGRAMS.iter().filter(|program| program.group == group) {
            text += &format!("    {:<18} {}\n", program.name, program.about);
        }
    }
    text += "\n  Tools of daily work (`elkfs getgoal --help`):\n";
    for tool in tools::TOOLS {
        text += &format!("    {:<18} {}\n", tool.name, tool.about);
    }
    text
}

/// The directory of an installation in which a name is: what only administrators and mount(8) run is in `sbin`.
pub(crate) fn folder(name: &str) -> &'static str {
    match name {
        "mfsmaster" | "mfschunkserver" | "mfsmetalogger" | "mfsmetarestore" | "mfsmetadump"
        | "mfsstatsdump" | "mfscsstatsdump" | "mount.moosefs" => "sbin",
        _ => "bin",
    }
}

/// The program for the name of a file.
pub(crate) fn called(name: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.name == name || program.also.contains(&name))
}

/// The program for a subcommand: `mfsmaster` or `master`.
pub(crate) fn subcommand(name: &str) -> Option<&'static Program> {
    called(name).or_else(|| PROGRAMS.iter().find(|program| program.name.strip_prefix("mfs") == Some(name)))
}

/// The tool for a subcommand: `mfsgetgoal` or `getgoal`.
pub(crate) fn tool(name: &str) -> Option<&'static str> {
    let long = format!("mfs{name}");
    tools::TOOLS.iter().flat_map(tools::Tool::names).find(|known| *known == name || *known == long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_program() {
        for program in PROGRAMS {
            assert_eq!(called(program.name).map(|found| found.name), Some(program.name));
            let short = program.name.strip_prefix("mfs").unwrap();
            assert_eq!(subcommand(short).map(|found| found.name), Some(program.name));
            assert!(called(short).is_none(), "{short} is no file name of ours");
        }
        assert!(called("elkfs").is_none());
        assert!(subcommand("local").is_none());
        assert_eq!(tool("getgoal"), Some("mfsgetgoal"));
        assert_eq!(tool("mfsrgetgoal"), Some("mfsrgetgoal"));
        assert!(PROGRAMS.iter().all(|program| tool(program.name).is_none()));
        let mut names: Vec<_> = super::names().collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "a name stands for one program");
    }
}
