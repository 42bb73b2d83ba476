//! `mfshdd.cfg`: which folders hold chunks and how much of each disk may be used (`spec/wire-chunkserver.md` 4.8).

use crate::parse_size;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The longest line stock reads, in characters.
const MAX_LINE: usize = 998;

/// How much of a disk chunks may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpaceLimit {
    /// The whole volume but HDD_LEAVE_SPACE_DEFAULT.
    Default,
    /// All but this many bytes.
    Leave(u64),
    /// At most this many bytes.
    AtMost(u64),
}

/// One line of `mfshdd.cfg`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskSpec {
    /// The folder.
    pub path: PathBuf,
    /// `*`: its chunks are to be copied elsewhere so that it can be pulled.
    pub removal: bool,
    /// `<`: move everything to other disks.
    pub drain: bool,
    /// `>`: move everything from other disks here.
    pub fill: bool,
    /// `~`: the disk may change its size.
    pub may_resize: bool,
    /// Space limit.
    pub limit: SpaceLimit,
    /// Where the line stands, from 1.
    pub line: usize,
}

/// A line that cannot be used.
#[derive(Debug, Error)]
#[error("{}:{line}: {what}", file.display())]
pub struct HddCfgError {
    /// The configuration file.
    pub file: PathBuf,
    /// Line number from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
    /// The line.
    pub text: String,
}

impl HddCfgError {
    /// True if the line may have meant this folder.
    pub fn may_mean(&self, folder: &Path) -> bool {
        self.text.contains(&*folder.to_string_lossy())
    }
}

/// Parses the whole file. `file` is named in errors only. Good lines are returned beside the errors of the bad ones,
/// because a reload obeys the good ones (4.8).
pub fn parse_hdd_cfg(file: &Path, text: &str) -> (Vec<DiskSpec>, Vec<HddCfgError>) {
    let (mut specs, mut errors) = (Vec::<DiskSpec>::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let line_no = index + 1;
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let spec =
            parse_line(line, line_no).and_then(|spec| match specs.iter().find(|s| s.path == spec.path) {
                Some(first) => {
                    Err(format!("{} is already named in line {}", spec.path.display(), first.line))
                }
                None => Ok(spec),
            });
        match spec {
            Ok(spec) => specs.push(spec),
            Err(what) => {
                errors.push(HddCfgError { file: file.into(), line: line_no, what, text: line.into() })
            }
        }
    }
    (specs, errors)
}

fn parse_line(line: &str, line_no: usize) -> Result<DiskSpec, String> {
    if line.chars().count() > MAX_LINE {
        return Err(format!("longer than {MAX_LINE} characters"));
    }
    if line.starts_with([' ', '\t']) {
        return Err("blanks in front of the path".into());
    }
    let rest = line.trim_start_matches(['*', '<', '>', '~']);
    let prefix = &line[..line.len() - rest.len()];
    let has = |c| prefix.contains(c);
    if has('<') && has('>') {
        return Err("`<` and `>` exclude each other".into());
    }
    let (path, limit) = split_limit(rest);
    if !path.starts_with('/') {
        return Err(format!("{path:?} is not an absolute path"));
    }
    // `/a/` and `/a` are one folder.
    let path: PathBuf = Path::new(path).components().collect();
    Ok(DiskSpec {
        path,
        removal: has('*'),
        drain: has('<'),
        fill: has('>'),
        may_resize: has('~'),
        limit,
        line: line_no,
    })
}

/// The last blank-separated token is a limit if it parses, part of the path if not. A limit of 0 is no limit.
fn split_limit(text: &str) -> (&str, SpaceLimit) {
    let Some(at) = text.rfind([' ', '\t']) else { return (text, SpaceLimit::Default) };
    let token = &text[at + 1..];
    let limit = match token.strip_prefix('-') {
        Some(size) => parse_size(size).map(SpaceLimit::Leave),
        None => parse_size(token).map(SpaceLimit::AtMost),
    };
    match limit {
        Some(SpaceLimit::AtMost(0)) => (text[..at].trim_end(), SpaceLimit::Default),
        Some(limit) => (text[..at].trim_end(), limit),
        None => (text, SpaceLimit::Default),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Result<DiskSpec, String> {
        parse_line(line, 7)
    }

    #[test]
    fn forms_of_a_line() {
        let plain = one("/mnt/hd1").unwrap();
        assert_eq!(
            (plain.path.to_str(), plain.limit, plain.line),
            (Some("/mnt/hd1"), SpaceLimit::Default, 7)
        );
        assert!(!plain.removal && !plain.drain && !plain.fill && !plain.may_resize);
        let all = one("~*>/mnt/hd 2/ -5GiB").unwrap();
        assert!(all.removal && all.fill && all.may_resize && !all.drain);
        assert_eq!((all.path.to_str(), all.limit), (Some("/mnt/hd 2"), SpaceLimit::Leave(5 << 30)));
        assert_eq!(one("/m\t1.5T").unwrap().limit, SpaceLimit::AtMost(1_500_000_000_000));
        assert_eq!(one("/m 0").unwrap().limit, SpaceLimit::Default);
        assert_eq!(one("/m -0").unwrap().limit, SpaceLimit::Leave(0));
        assert_eq!(one("/m nonsense").unwrap().path.to_str(), Some("/m nonsense"));
    }

    #[test]
    fn bad_lines_name_file_and_line() {
        let text = format!("# disks\n\n/good\n rel\nrelative\n/good/\n<>/both\n/{}\n", "x".repeat(998));
        let (specs, errors) = parse_hdd_cfg(Path::new("/etc/mfs/mfshdd.cfg"), &text);
        assert_eq!(specs.iter().map(|s| s.line).collect::<Vec<_>>(), [3]);
        assert_eq!(errors.iter().map(|e| e.line).collect::<Vec<_>>(), [4, 5, 6, 7, 8]);
        assert_eq!(errors[2].to_string(), "/etc/mfs/mfshdd.cfg:6: /good is already named in line 3");
        assert!(errors[3].may_mean(Path::new("/both")) && !errors[3].may_mean(Path::new("/good")));
    }
}
