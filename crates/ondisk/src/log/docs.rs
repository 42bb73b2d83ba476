//! `docs/formats/changelog.md`, made from the declarations.

/// What is said of an operation.
#[derive(Debug, Clone, Copy)]
pub struct OpDoc {
    /// Its name in lines.
    pub name: &'static str,
    /// Old names that are read, too.
    pub aliases: &'static [&'static str],
    /// Its documentation, a line each.
    pub doc: &'static [&'static str],
    /// Its arguments in order.
    pub args: &'static [ArgDoc],
    /// The numbers behind the `:`.
    pub results: &'static [&'static str],
    /// More of them, which old lines lack.
    pub extra_results: &'static [&'static str],
}

/// What is said of an argument.
#[derive(Debug, Clone, Copy)]
pub struct ArgDoc {
    /// Its name.
    pub name: &'static str,
    /// Its Rust type.
    pub ty: &'static str,
    /// Its documentation, a line each.
    pub doc: &'static [&'static str],
    /// What counts when a line ends before it.
    pub default: Option<&'static str>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Op;
    use std::fmt::Write;

    const HEAD: &str = "\
# Changelog operations

Made from `crates/ondisk/src/log/op.rs` by `UPDATE_DOCS=1 cargo test -p ondisk`; do not edit.

A line is `<version>: <unix time>|<OPERATION>(<arguments>)[:<results>][;<fine>[,<fine>…]]`. Arguments in brackets are missing in old
lines; only the brackets around groups stand in the text. Names and binaries are escaped: bytes below 0x20 and from
0x7F on, `,` `%` `(` `)` are `%` and two upper-case hexadecimal digits. Read, too, but never written:
`SETGOAL(inode,uid,goal,smode)` for `SETSCLASS`, `CSADD(ip,port)` and `CSDEL(ip,port)` for `CSDBOP`.

The end behind `;` is ours: what the line's times are beyond stock's seconds. It is there when one of them is not a whole
second before 2106, and has a number for the time of the event, and one for each time among the arguments (`ATTR` has two,
`AMTIME` three): nanoseconds, plus 2^30 times how often 2^32 is to be added to the seconds (3: subtracted once). Stock
3.0.117 ignores what stands behind the results, so it replays such lines, to the second.
";

    /// An argument as the text of a line has it; a type that is several arguments says so.
    fn argument(arg: &ArgDoc) -> String {
        let (name, ty) = (arg.name, arg.ty.replace("<'a>", ""));
        match (ty.as_str(), arg.default) {
            ("NewNode", _) => "type,mode,umask".into(),
            ("AttrExtra", _) => "[winattr,]aclmode".into(),
            ("SclassCounts", _) => "Wcreate,Kkeep,Aarchive".into(),
            ("AclEntries", _) => "users,groups,entries".into(),
            ("QuotaLimits", _) => "si,hi,sl,hl,ss,hs,sr,hr".into(),
            ("MaskList", _) => "masks…".into(),
            ("SnapshotGids", _) => "[gid,gid…]".into(),
            ("SessionFields", _) => {
                "#csum,root,flags,0umask,root_uid,root_gid,mapall_uid,mapall_gid,min_goal,max_goal,\
                                     min_trash,max_trash,0xdisables,ip,info"
                    .into()
            }
            ("Option<(ChunkIndex, ChunkIndex)>", _) => "[from,to]".into(),
            (ty, default) if default.is_some() || ty.starts_with("Option<") => format!("[{name}]"),
            _ => name.into(),
        }
    }

    fn page() -> String {
        let mut page = HEAD.to_owned();
        for op in Op::DOCS {
            let args: Vec<String> = op.args.iter().map(argument).collect();
            let extra = op.extra_results.join(",");
            let results = match (op.results.join(","), extra.is_empty()) {
                (results, true) if results.is_empty() => results,
                (results, true) => format!(":{results}"),
                (results, false) if results.is_empty() => format!("[:{extra}]"),
                (results, false) => format!(":{results}[,{extra}]"),
            };
            write!(page, "\n## {}\n\n`{}({}){results}`\n\n", op.name, op.name, args.join(",")).unwrap();
            let line = |lines: &[&str]| lines.iter().map(|l| l.trim()).collect::<Vec<_>>().join(" ");
            writeln!(page, "{}", line(op.doc)).unwrap();
            if !op.aliases.is_empty() {
                writeln!(page, "Read also as `{}`.", op.aliases.join("`, `")).unwrap();
            }
            let mut separator = "\n";
            for arg in op.args {
                let default = arg.default.map(|d| format!(" When missing: {d}.")).unwrap_or_default();
                if !arg.doc.is_empty() || arg.default.is_some() {
                    let text = format!("{}{default}", line(arg.doc));
                    writeln!(page, "{separator}- `{}`: {}", arg.name, text.trim()).unwrap();
                    separator = "";
                }
            }
        }
        page
    }

    #[test]
    fn the_page_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats/changelog.md");
        let fresh = page();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
            std::fs::write(path, &fresh).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == fresh,
            "docs/formats/changelog.md is stale: run UPDATE_DOCS=1 cargo test -p ondisk"
        );
    }
}
