//! `elkfs meta diff`: record by record, by what a record is about.

use super::DiffArgs;
use super::input::{image_of, load};
use anyhow::{Context, Result};
use metadata::Fs;
use ondisk::dump::for_each_line;
use ondisk::image::SectionName;
use ondisk::{Image, ImageFile};
use serde::Serialize;
use std::collections::BTreeMap;
use std::process::ExitCode;
use types::{Inode, ROOT};

/// A record that is on one side only, or differs.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Difference {
    section: String,
    /// What it is about, in the words of `mfsmetadump`.
    what: String,
    /// Where an inode is in the tree, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// `added`, `removed` or `changed`.
    change: &'static str,
    /// The fields that differ, or the whole record.
    fields: Vec<String>,
}

pub(super) fn run(args: &DiffArgs) -> Result<ExitCode> {
    let old = load(&args.old, &args.logs)?;
    let new = load(&args.new, &[])?;
    let found = differences(&image_of(&old)?, &image_of(&new)?, &old.fs, &new.fs)?;
    let heads = [("version", old.fs.version(), new.fs.version()), ("id", old.fs.meta_id(), new.fs.meta_id())];
    let shown = &found[..found.len().min(args.limit)];
    if args.json {
        let header: BTreeMap<_, _> = heads.iter().map(|(name, old, new)| (*name, [*old, *new])).collect();
        let all = serde_json::json!({ "header": header, "count": found.len(), "differences": shown });
        println!("{}", serde_json::to_string_pretty(&all).context("write JSON")?);
    } else {
        for (name, old, new) in heads.iter().filter(|(_, old, new)| old != new) {
            println!("{name}: {old} -> {new}");
        }
        for Difference { section, what, path, change, fields } in shown {
            let path = path.as_ref().map(|path| format!(" ({path})")).unwrap_or_default();
            println!("{section} {what}{path} {change}: {}", fields.join(", "));
        }
        if found.len() > shown.len() {
            println!("and {} more", found.len() - shown.len());
        }
        println!("{} differences", found.len());
    }
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How many of a line's fields say what it is about; the rest is what it says. None: the whole line.
fn key_fields(section: SectionName) -> Option<&'static [&'static str]> {
    Some(match &section.0 {
        b"SESS" => &["s"],
        b"SCLA" => &["#"],
        b"NODE" | b"FREE" | b"QUOT" | b"CHNK" | b"XTIM" => &["i"],
        b"EDGE" => &["p", "n"],
        b"XATR" => &["i", "n"],
        b"PACL" => &["i", "t"],
        b"CSDB" => &["i", "p"],
        _ => return None,
    })
}

/// Lines of a section by what they are about.
type Lines = BTreeMap<(SectionName, String), String>;

fn lines(image: &[u8]) -> Result<Lines> {
    let mut all = Lines::new();
    let ImageFile::Image(image) = Image::open(image)? else { return Ok(all) };
    for section in image.sections() {
        let section = section?;
        for_each_line(&section, |line| {
            let line = line.escape_ascii().to_string();
            let key = key_fields(section.name).map_or_else(|| line.clone(), |wanted| key_of(&line, wanted));
            all.insert((section.name, key), line);
        })?;
    }
    Ok(all)
}

fn fields(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split('|').skip(1).map(|field| field.split_once(':').unwrap_or((field, "")))
}

fn key_of(line: &str, wanted: &[&str]) -> String {
    let mut key = Vec::new();
    for name in wanted {
        // A name may hold the separator: it is the last field of its line, so all of the rest belongs to it.
        let found = if *name == "n" { line.split_once("|n:").map(|(_, rest)| rest) } else { None };
        let found = found.or_else(|| fields(line).find(|(field, _)| field == name).map(|(_, value)| value));
        key.push(format!("{name}:{}", found.unwrap_or_default().trim()));
    }
    key.join(" ")
}

fn differences(old: &[u8], new: &[u8], old_fs: &Fs, new_fs: &Fs) -> Result<Vec<Difference>> {
    let (old, new) = (lines(old)?, lines(new)?);
    let mut found = Vec::new();
    let mut tell = |key: &(SectionName, String), change, fields, fs: &Fs| {
        let path = path_of(fs, key);
        let (section, what) = (key.0.to_string(), key.1.clone());
        found.push(Difference { section, what, path, change, fields });
    };
    for (key, before) in &old {
        match new.get(key) {
            None => tell(key, "removed", vec![before.clone()], old_fs),
            Some(after) => {
                let changed = changed_fields(key.0, before, after);
                if !changed.is_empty() {
                    tell(key, "changed", changed, new_fs);
                }
            }
        }
    }
    for (key, line) in new.iter().filter(|(key, _)| !old.contains_key(key)) {
        tell(key, "added", vec![line.clone()], new_fs);
    }
    Ok(found)
}

fn changed_fields(section: SectionName, before: &str, after: &str) -> Vec<String> {
    if before == after {
        return Vec::new();
    }
    let pairs = fields(before).zip(fields(after));
    let changed = pairs.filter(|((_, old), (_, new))| old != new);
    // The counters of operations are in no changelog: they say nothing of the state.
    let counters = |name: &str| &section.0 == b"SESS" && matches!(name, "c" | "l");
    let changed = changed.filter(|((name, _), _)| !counters(name));
    changed.map(|((name, old), (_, new))| format!("{name}: {} -> {}", old.trim(), new.trim())).collect()
}

fn path_of(fs: &Fs, (section, what): &(SectionName, String)) -> Option<String> {
    if !matches!(&section.0, b"NODE" | b"QUOT" | b"XATR" | b"PACL" | b"XTIM") {
        return None;
    }
    let digits = what.strip_prefix("i:")?.split(' ').next()?;
    let inode = Inode(digits.parse().ok()?);
    let path = if inode == ROOT { Some(Vec::new()) } else { fs.paths(inode, ROOT).into_iter().next() };
    path.map(|path| format!("/{}", path.escape_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ondisk::{NewNode, Op};
    use types::{Name, NodeType};

    fn image(fs: &Fs) -> Vec<u8> {
        let mut out = std::io::Cursor::new(Vec::new());
        fs.snapshot().write_image(&mut out, 0).unwrap();
        out.into_inner()
    }

    fn create(fs: &mut Fs, name: &str) {
        let node = NewNode { kind: NodeType::File, mode: 0o644, umask: 0 };
        let name = Name::new(name.as_bytes()).unwrap();
        fs.apply(5, &Op::Create { parent: ROOT, name, node, uid: 0, gid: 0, rdev: 0 }).unwrap();
    }

    #[test]
    fn what_was_made_changed_and_removed_is_told_by_its_name() {
        let mut old = Fs::new_empty(5);
        ["a|b", "gone"].iter().for_each(|name| create(&mut old, name));
        let mut new = Fs::from_image(&image(&old), 5).unwrap();
        assert_eq!(differences(&image(&old), &image(&new), &old, &new).unwrap(), []);
        create(&mut new, "new");
        new.apply(6, &Op::Access { inode: Inode(2) }).unwrap();
        let name = Name::new(b"gone").unwrap();
        new.apply(6, &Op::Unlink { parent: ROOT, name }).unwrap();
        let found = differences(&image(&old), &image(&new), &old, &new).unwrap();
        let shown: Vec<String> =
            found.iter().map(|d| format!("{} {} {} {:?}", d.section, d.what, d.change, d.path)).collect();
        for part in [
            "NODE i:2 changed Some(\"/a|b\")",
            "EDGE p:1 n:new added None",
            "EDGE p:1 n:gone removed None",
            "NODE i:4 added Some(\"/new\")",
        ] {
            assert!(shown.iter().any(|line| line == part), "{part} is not in {shown:#?}");
        }
        let atime = found.iter().find(|d| d.what == "i:2").unwrap();
        assert_eq!(atime.fields.len(), 1);
        assert!(
            atime.fields[0].starts_with("a: 5,m:") && atime.fields[0].contains("-> 6,m:"),
            "{:?}",
            atime.fields
        );
    }
}
