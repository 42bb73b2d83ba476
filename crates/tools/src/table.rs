//! All tools: names, help and what runs them. Parsing, help and links are made from this table.

use crate::args::{NUMBERS, RECURSIVE, flag, value};
use crate::commands::{
    append, archive, attributes, check, class, class_admin, dirinfo, eattr, fileinfo, paths, quota, repair,
    snapshot, trash_time,
};
use crate::tool::Tool;

const PLAIN: Tool = Tool {
    name: "",
    also: &[],
    about: "",
    usage: &[],
    options: &[NUMBERS],
    actions: false,
    notes: "",
    run: class_admin::listsclass,
};

const QUOTA_NUMBERS: &str = "Numbers may have a decimal point and a prefix: k M G T P E (powers of 1000) or Ki Mi Gi Ti \
    Pi Ei (powers of 1024); sizes may end with B.\nOnly root can set quotas.";
const EATTR_NAMES: &str = "Attributes: noowner, noattrcache, noentrycache, nodatacache, snapshot, undeletable, \
    appendonly, immutable.";
const NUMBER_STYLE: &str = "MFSHRFORMAT in the environment sets how numbers are shown: h, H, h+ or H+ (with the plain \
    number too).";

/// All of them.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "mfsgetgoal",
        also: &[("mfsrgetgoal", &["-r"])],
        about: "Shows how many copies objects have to have (or their storage class)",
        usage: &["[-nhHkmgr] NAME..."],
        options: &[NUMBERS, RECURSIVE],
        notes: NUMBER_STYLE,
        run: attributes::get::<class::Class>,
        ..PLAIN
    },
    Tool {
        name: "mfssetgoal",
        also: &[("mfsrsetgoal", &["-r"])],
        about: "Sets how many copies objects have to have",
        usage: &["[-nhHkmgr] GOAL[-|+] NAME..."],
        options: &[NUMBERS, RECURSIVE],
        notes: "GOAL is 1 to 9. GOAL+ raises what is lower, GOAL- lowers what is higher.",
        run: class::set_goal,
        ..PLAIN
    },
    Tool {
        name: "mfscopygoal",
        about: "Gives objects the number of copies that another has",
        usage: &["[-nhHkmgr] SOURCE NAME..."],
        options: &[NUMBERS, RECURSIVE],
        run: attributes::copy::<class::Class>,
        ..PLAIN
    },
    Tool {
        name: "mfsgetsclass",
        about: "Shows the storage class of objects",
        usage: &["[-nhHkmgr] NAME..."],
        options: &[NUMBERS, RECURSIVE],
        run: attributes::get::<class::Class>,
        ..PLAIN
    },
    Tool {
        name: "mfssetsclass",
        about: "Sets the storage class of objects",
        usage: &["[-nhHkmgr] CLASS NAME..."],
        options: &[NUMBERS, RECURSIVE],
        run: class::set_class,
        ..PLAIN
    },
    Tool {
        name: "mfscopysclass",
        about: "Gives objects the storage class that another has",
        usage: &["[-nhHkmgr] SOURCE NAME..."],
        options: &[NUMBERS, RECURSIVE],
        run: attributes::copy::<class::Class>,
        ..PLAIN
    },
    Tool {
        name: "mfsxchgsclass",
        about: "Changes the storage class of objects that have a certain one now",
        usage: &["[-nhHkmgr] OLD NEW NAME..."],
        options: &[NUMBERS, RECURSIVE],
        run: class::exchange,
        ..PLAIN
    },
    Tool {
        name: "mfslistsclass",
        also: &[("mfslssc", &[])],
        about: "Lists storage classes (as mfsscadmin list)",
        usage: &["[-l] [PATH]"],
        options: &[&[flag(b'l', "with definitions")]],
        run: class_admin::listsclass,
        ..PLAIN
    },
    Tool {
        name: "mfsgettrashtime",
        also: &[("mfsrgettrashtime", &["-r"])],
        about: "Shows how many seconds deleted objects stay in the trash",
        usage: &["[-nhHkmgr] NAME..."],
        options: &[NUMBERS, RECURSIVE],
        run: attributes::get::<trash_time::TrashTime>,
        ..PLAIN
    },
    Tool {
        name: "mfssettrashtime",
        also: &[("mfsrsettrashtime", &["-r"])],
        about: "Sets how long deleted objects stay in the trash",
        usage: &["[-nhHkmgr] TIME[-|+] NAME..."],
        options: &[NUMBERS, RECURSIVE],
        notes: "TIME is seconds, or a number with s, m, h, d or w. TIME+ raises what is lower, TIME- lowers what is \
                higher.\nThe master rounds up to whole hours.",
        run: trash_time::set,
        ..PLAIN
    },
    Tool {
        name: "mfscopytrashtime",
        about: "Gives objects the trash time that another has",
        usage: &["[-nhHkmgr] SOURCE NAME..."],
        options: &[NUMBERS, RECURSIVE],
        run: attributes::copy::<trash_time::TrashTime>,
        ..PLAIN
    },
    Tool {
        name: "mfsgeteattr",
        about: "Shows extra attributes of objects",
        usage: &["[-nhHkmgr] NAME..."],
        options: &[NUMBERS, RECURSIVE],
        notes: EATTR_NAMES,
        run: attributes::get::<eattr::Eattr>,
        ..PLAIN
    },
    Tool {
        name: "mfsseteattr",
        about: "Sets extra attributes of objects",
        usage: &["[-nhHkmgr] -f ATTRIBUTE [-f ATTRIBUTE...] NAME..."],
        options: &[NUMBERS, RECURSIVE, &[value(b'f', "attribute", "what to set, once for each")]],
        notes: EATTR_NAMES,
        run: eattr::set,
        ..PLAIN
    },
    Tool {
        name: "mfsdeleattr",
        about: "Clears extra attributes of objects",
        usage: &["[-nhHkmgr] -f ATTRIBUTE [-f ATTRIBUTE...] NAME..."],
        options: &[NUMBERS, RECURSIVE, &[value(b'f', "attribute", "what to clear, once for each")]],
        notes: EATTR_NAMES,
        run: eattr::delete,
        ..PLAIN
    },
    Tool {
        name: "mfscopyeattr",
        about: "Gives objects the extra attributes that another has",
        usage: &["[-nhHkmgr] SOURCE NAME..."],
        options: &[NUMBERS, RECURSIVE],
        run: attributes::copy::<eattr::Eattr>,
        ..PLAIN
    },
    Tool {
        name: "mfsgetquota",
        about: "Shows quotas of directories and what is used of them",
        usage: &["[-nhHkmg] DIR..."],
        notes: NUMBER_STYLE,
        run: quota::get,
        ..PLAIN
    },
    Tool {
        name: "mfssetquota",
        about: "Sets quotas of directories",
        usage: &["[-nhHkmg] [-p TIME] [-iI NUMBER] [-lL SIZE] [-sS SIZE] [-rR SIZE] DIR..."],
        options: &[
            NUMBERS,
            &[
                value(b'p', "time", "how long soft limits may be exceeded: seconds, or with s, m, h, d, w"),
                value(b'i', "number", "soft limit of objects"),
                value(b'I', "number", "hard limit of objects"),
                value(b'l', "size", "soft limit of the sum of file lengths"),
                value(b'L', "size", "hard limit of the sum of file lengths"),
                value(b's', "size", "soft limit of the sum of chunks"),
                value(b'S', "size", "hard limit of the sum of chunks"),
                value(b'r', "size", "soft limit of the sum of all copies"),
                value(b'R', "size", "hard limit of the sum of all copies"),
            ],
        ],
        notes: QUOTA_NUMBERS,
        run: quota::set,
        ..PLAIN
    },
    Tool {
        name: "mfsdelquota",
        about: "Removes quotas of directories",
        usage: &["[-nhHkmg] [-iIlLsSrRaA] DIR..."],
        options: &[
            NUMBERS,
            &[
                flag(b'i', "soft limit of objects"),
                flag(b'I', "hard limit of objects"),
                flag(b'l', "soft limit of lengths"),
                flag(b'L', "hard limit of lengths"),
                flag(b's', "soft limit of chunks"),
                flag(b'S', "hard limit of chunks"),
                flag(b'r', "soft limit of copies"),
                flag(b'R', "hard limit of copies"),
                flag(b'a', "all soft limits"),
                flag(b'A', "all hard limits"),
            ],
        ],
        notes: "Only root can remove quotas.",
        run: quota::delete,
        ..PLAIN
    },
    Tool {
        name: "mfscopyquota",
        about: "Gives directories the quota that another has",
        usage: &["[-nhHkmg] SOURCE DIR..."],
        run: quota::copy,
        ..PLAIN
    },
    Tool {
        name: "mfscheckfile",
        about: "Shows how many copies the chunks of files have",
        usage: &["[-nhHkmg] NAME..."],
        run: check::checkfile,
        ..PLAIN
    },
    Tool {
        name: "mfsfileinfo",
        about: "Shows where the chunks of files are",
        usage: &["[-qcs] NAME..."],
        options: &[&[
            flag(b'q', "only how many copies there are (as mfscheckfile)"),
            flag(b'c', "with checksums, asked from the chunkservers"),
            flag(b's', "with a signature of the whole file, made from checksums"),
        ]],
        run: fileinfo::fileinfo,
        ..PLAIN
    },
    Tool {
        name: "mfsappendchunks",
        about: "Appends the chunks of files to a file, which is made if it is missing",
        usage: &["[-s FROM:TO] TARGET NAME..."],
        options: &[&[value(
            b's',
            "from:to",
            "only these chunks: TO is left out, negative ones count from the end",
        )]],
        notes: "Nothing is copied: the files share the chunks. What is appended begins at a multiple of 64 MiB.",
        run: append::appendchunks,
        ..PLAIN
    },
    Tool {
        name: "mfsdirinfo",
        about: "Shows how much is below directories",
        usage: &["[-nhHkmg] [-idfclsr] [-p] NAME..."],
        options: &[
            NUMBERS,
            &[
                flag(b'i', "only the number of objects (values are then separated by tabs)"),
                flag(b'd', "only directories"),
                flag(b'f', "only files"),
                flag(b'c', "only chunks"),
                flag(b'l', "only the sum of lengths"),
                flag(b's', "only the sum of chunks"),
                flag(b'r', "only the sum of copies"),
                flag(b'p', "precise data too: each object and chunk once, copies that there are"),
            ],
        ],
        notes: NUMBER_STYLE,
        run: dirinfo::dirinfo,
        ..PLAIN
    },
    Tool {
        name: "mfsfilerepair",
        about: "Makes files readable that have lost chunks",
        usage: &["[-nhHkmg] NAME..."],
        notes: "Takes the newest version there is; what has no copy at all becomes zeros for ever, even if a chunkserver \
                that has it is only away.",
        run: repair::filerepair,
        ..PLAIN
    },
    Tool {
        name: "mfsmakesnapshot",
        about: "Makes lazy copies of files and trees",
        usage: &["[-ocp] SOURCE... TARGET"],
        options: &[&[
            flag(b'o', "overwrite what is there"),
            flag(b'c', "as cp does: owner, group and umask of who calls, times of now"),
            flag(b'p', "keep hard links among what is copied"),
        ]],
        notes: "SOURCE/ with a slash is merged into TARGET; without it, it goes into it.",
        run: snapshot::make,
        ..PLAIN
    },
    Tool {
        name: "mfsrmsnapshot",
        about: "Removes snapshots, a whole tree at once",
        usage: &["[-f] NAME..."],
        options: &[&[flag(b'f', "what is no snapshot too, as far as permissions allow")]],
        run: snapshot::remove,
        ..PLAIN
    },
    Tool {
        name: "mfsfilepaths",
        about: "Shows all paths of files, or of inode numbers in the mount one is in",
        usage: &["NAME|INODE..."],
        options: &[],
        run: paths::filepaths,
        ..PLAIN
    },
    Tool {
        name: "mfschkarchive",
        about: "Shows whether chunks are archived (of directories: below them)",
        usage: &["[-nhHkmg] NAME..."],
        run: archive::check,
        ..PLAIN
    },
    Tool {
        name: "mfssetarchive",
        about: "Moves chunks to the archive: they follow the archive labels of their class",
        usage: &["[-nhHkmg] NAME..."],
        run: archive::set,
        ..PLAIN
    },
    Tool {
        name: "mfsclrarchive",
        about: "Moves chunks out of the archive, and changes ctime",
        usage: &["[-nhHkmg] NAME..."],
        run: archive::clear,
        ..PLAIN
    },
    Tool {
        name: "mfsscadmin",
        also: &[
            ("mfsmksc", &["create"]),
            ("mfschsc", &["change"]),
            ("mfsrmsc", &["delete"]),
            ("mfscpsc", &["copy"]),
            ("mfsmvsc", &["rename"]),
        ],
        about: "Makes, changes and lists storage classes",
        usage: &[
            "[/MOUNT] create|make [-a 0|1] [-m MODE] [-C LABELS] -K LABELS [-A LABELS -d DAYS] CLASS...",
            "[/MOUNT] create|make [-a 0|1] [-m MODE] LABELS CLASS...",
            "[/MOUNT] change|modify [-f] [-a 0|1] [-m MODE] [-C LABELS] [-K LABELS] [-A LABELS] [-d DAYS] CLASS...",
            "[/MOUNT] delete|remove CLASS...",
            "[/MOUNT] copy|duplicate CLASS NEW...",
            "[/MOUNT] rename CLASS NEW",
            "[/MOUNT] list [-l]",
        ],
        options: class_admin::OPTIONS,
        actions: true,
        notes: "LABELS is a number of copies anywhere, or a list with a part for each copy: A,B is one copy on a server \
                with label A and one with B; 2[A+B],CD is two copies on servers with A or B, and one on a server with C \
                and D; * is any server.\nAll but list need the option \"admin\" in mfsexports.cfg.",
        run: class_admin::scadmin,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_name_is_one_tool_and_a_letter_one_option() {
        let mut names = HashSet::new();
        for tool in TOOLS {
            assert!(names.insert(tool.name), "{}", tool.name);
            assert!(tool.also.iter().all(|(name, _)| names.insert(name)), "{}", tool.name);
            let mut letters = HashSet::new();
            assert!(tool.options.iter().copied().flatten().all(|option| letters.insert(option.letter)));
        }
    }

    #[test]
    fn every_option_is_in_the_usage() {
        for tool in TOOLS {
            let usage: String = tool.usage.concat();
            for option in tool.options() {
                assert!(usage.contains(option.letter as char), "{} -{}", tool.name, option.letter as char);
            }
        }
    }
}
