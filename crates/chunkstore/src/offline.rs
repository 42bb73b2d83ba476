//! Checking and repairing chunk files that no server uses: `mfschunktool` (`spec/tools.md`) and `elkfs chunk`.
//!
//! A repair believes the name rather than the header, and the data rather than the checksums, so it makes wrong data look
//! right. That is for the last copy of a chunk only, and never done without keeping the file as it was beside it.

use crate::file::pread_all;
use crate::format::{
    HEAD_SIZE, TABLE_SIZE, block_at, crc_at, decode_head, decode_table, encode_head, file_name,
    parse_file_name, shape,
};
use crate::sys::pwrite_all;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use types::{BLOCK_SIZE, BLOCKS_PER_CHUNK, ChunkId, ChunkVersion, ZERO_BLOCK_CRC};

/// What to look at, and what to mend.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offline {
    /// Of the data only the last block, where death in the middle of a write shows.
    pub fast: bool,
    /// Write header and checksums anew where they are wrong.
    pub repair: bool,
    /// Rename a file whose name is none by its header.
    pub fix_name: bool,
    /// Check the checksums of blocks that do not exist in files of format 1.0 too, where truncation leaves any.
    pub empty_blocks: bool,
}

/// Something wrong with a file, or done to it. Displayed in stock's words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "said by the words below")]
pub enum Finding {
    CannotOpen,
    CannotRead,
    NotAName,
    TryName,
    Renamed(String),
    CannotRename,
    WrongSize,
    NoHeader,
    WrongId,
    WrongVersion,
    WrongCrc { block: u16, stored: u32, computed: u32 },
    WrongLastCrc { stored: u32, computed: u32 },
    EmptyBlockCrc { block: u16, stored: u32 },
    HeaderFixed,
    CrcFixed,
    NotFixed,
}

impl Finding {
    /// Its bit in `mfschunktool`'s exit status: 1 header, 2 checksum, 4 header fixed, 8 checksum fixed, 16 fatal.
    pub fn bit(&self) -> u8 {
        match self {
            Finding::NoHeader | Finding::WrongId | Finding::WrongVersion => 1,
            Finding::WrongCrc { .. } | Finding::WrongLastCrc { .. } | Finding::EmptyBlockCrc { .. } => 2,
            Finding::HeaderFixed => 4,
            Finding::CrcFixed => 8,
            Finding::CannotOpen | Finding::CannotRead | Finding::WrongSize => 16,
            Finding::CannotRename | Finding::NotFixed => 16,
            Finding::NotAName | Finding::TryName | Finding::Renamed(_) => 0,
        }
    }

    /// True for what was done rather than found.
    pub fn is_deed(&self) -> bool {
        matches!(self, Finding::HeaderFixed | Finding::CrcFixed)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::CannotOpen => f.write_str("error opening file !!!"),
            Finding::CannotRead => f.write_str("error reading header !!!"),
            Finding::NotAName => f.write_str("wrong chunk name format !!! (skip header)"),
            Finding::TryName => f.write_str("wrong chunk name - try to fix it using header data"),
            Finding::Renamed(name) => write!(f, "changed name to: {name}"),
            Finding::CannotRename => f.write_str("error changing name !!!"),
            Finding::WrongSize => f.write_str("wrong file size"),
            Finding::NoHeader => f.write_str("wrong chunk header !!!"),
            Finding::WrongId => f.write_str("wrong chunk number in header !!!"),
            Finding::WrongVersion => f.write_str("wrong chunk version in header !!!"),
            Finding::WrongCrc { block, stored, computed } => {
                write!(f, "crc error (block: {block} ; header crc: {stored:08X} ; block crc: {computed:08X})")
            }
            Finding::WrongLastCrc { stored, computed } => {
                write!(f, "crc error (last block ; header crc: {stored:08X} ; block crc: {computed:08X})")
            }
            Finding::EmptyBlockCrc { block, stored } => {
                write!(f, "crc error (first empty block ({block}) has 'non zero' crc: {stored:08X})")
            }
            Finding::HeaderFixed => f.write_str("header fixed"),
            Finding::CrcFixed => f.write_str("crc fixed"),
            Finding::NotFixed => f.write_str("error writing file, not fixed !!!"),
        }
    }
}

/// What became of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// In the order in which it was found.
    pub findings: Vec<Finding>,
    /// The file as it was before a repair.
    pub kept: Option<PathBuf>,
}

impl Checked {
    /// True if nothing was wrong; a name that was put right does not count, as in stock.
    pub fn is_good(&self) -> bool {
        self.findings.iter().all(|finding| matches!(finding, Finding::TryName | Finding::Renamed(_)))
    }

    /// All bits together.
    pub fn bits(&self) -> u8 {
        self.findings.iter().fold(0, |bits, finding| bits | finding.bit())
    }
}

struct Work<'a> {
    path: &'a Path,
    options: Offline,
    file: File,
    size: u64,
    found: Checked,
    /// Checksums to be written.
    crcs: Vec<(u16, u32)>,
}

/// Checks a file, and mends it as `options` say.
pub fn check_file(path: &Path, options: Offline) -> Checked {
    let opened = OpenOptions::new().read(true).write(options.repair).open(path);
    let Ok((file, size)) = opened.and_then(|file| file.metadata().map(|m| (file, m.len()))) else {
        return Checked { findings: vec![Finding::CannotOpen], kept: None };
    };
    let mut work = Work { path, options, file, size, found: Checked::default(), crcs: Vec::new() };
    if let Err(fatal) = work.run() {
        work.found.findings.push(fatal);
    }
    work.found
}

impl Work<'_> {
    fn say(&mut self, finding: Finding) {
        self.found.findings.push(finding);
    }

    fn run(&mut self) -> Result<(), Finding> {
        let mut head = [0; HEAD_SIZE];
        pread_all(&self.file, &mut head, 0).map_err(|_| Finding::CannotRead)?;
        let in_header = decode_head(&head);
        let name = self.path.file_name().and_then(|name| parse_file_name(name.as_bytes()));
        let renamed = if name.is_none() { self.name(in_header)? } else { None };
        let (header, blocks) = shape(self.size).ok_or(Finding::WrongSize)?;
        let before = self.found.findings.len();
        if let Some(name) = name {
            self.compare(in_header, name);
        }
        let fix_header = self.found.findings.len() > before;
        // Format 1.1 promises zeros' checksums for blocks that do not exist.
        let strict = self.options.empty_blocks || head.starts_with(b"MFSC 1.1");
        self.blocks(header, blocks, strict)?;
        if self.options.repair {
            self.mend(name.filter(|_| fix_header), header).map_err(|_| Finding::NotFixed)?;
        }
        if let Some(name) = renamed {
            rename(self.path, &name).map_err(|_| Finding::CannotRename)?;
        }
        Ok(())
    }

    /// Of a file whose name says nothing. Returns the name it is to get.
    fn name(&mut self, in_header: Option<(ChunkId, ChunkVersion)>) -> Result<Option<String>, Finding> {
        if !self.options.fix_name {
            self.say(Finding::NotAName);
            return Ok(None);
        }
        self.say(Finding::TryName);
        let (id, version) = in_header.ok_or(Finding::NoHeader)?;
        let name = file_name(id, version);
        self.say(Finding::Renamed(name.clone()));
        Ok(Some(name))
    }

    fn compare(
        &mut self,
        in_header: Option<(ChunkId, ChunkVersion)>,
        (id, version): (ChunkId, ChunkVersion),
    ) {
        let Some(found) = in_header else { return self.say(Finding::NoHeader) };
        if found.0 != id {
            self.say(Finding::WrongId);
        }
        if found.1 != version {
            self.say(Finding::WrongVersion);
        }
    }

    fn blocks(&mut self, header: u16, blocks: u16, strict: bool) -> Result<(), Finding> {
        let mut bytes = [0; TABLE_SIZE];
        pread_all(&self.file, &mut bytes, header.into()).map_err(|_| Finding::CannotRead)?;
        let table = decode_table(&bytes);
        let mut block = vec![0; BLOCK_SIZE as usize];
        // Who repairs wants to know all.
        let fast = self.options.fast && !self.options.repair;
        for number in if fast { blocks.saturating_sub(1)..blocks } else { 0..blocks } {
            pread_all(&self.file, &mut block, block_at(header, number)).map_err(|_| Finding::CannotRead)?;
            let (stored, computed) = (table[usize::from(number)], crc32fast::hash(&block));
            if stored != computed {
                self.crcs.push((number, computed));
                self.say(match fast {
                    true => Finding::WrongLastCrc { stored, computed },
                    false => Finding::WrongCrc { block: number, stored, computed },
                });
            }
        }
        let empty = if fast { blocks..(blocks + 1).min(BLOCKS_PER_CHUNK) } else { blocks..BLOCKS_PER_CHUNK };
        for number in empty.filter(|_| strict) {
            let stored = table[usize::from(number)];
            if stored != ZERO_BLOCK_CRC && stored != 0 {
                self.crcs.push((number, ZERO_BLOCK_CRC));
                self.say(match fast {
                    true => Finding::EmptyBlockCrc { block: number, stored },
                    false => Finding::WrongCrc { block: number, stored, computed: ZERO_BLOCK_CRC },
                });
            }
        }
        Ok(())
    }

    /// Writes what was found wrong, after the file as it is has been kept.
    fn mend(&mut self, name: Option<(ChunkId, ChunkVersion)>, header: u16) -> io::Result<()> {
        if name.is_none() && self.crcs.is_empty() {
            return Ok(());
        }
        self.found.kept = Some(keep(self.path)?);
        if let Some((id, version)) = name {
            pwrite_all(&self.file, &encode_head(id, version), 0)?;
            self.say(Finding::HeaderFixed);
        }
        for (block, crc) in &self.crcs {
            pwrite_all(&self.file, &crc.to_be_bytes(), crc_at(header, *block))?;
        }
        if !self.crcs.is_empty() {
            self.say(Finding::CrcFixed);
        }
        self.file.sync_all()
    }
}

/// Copies the file beside itself, durably, under a name that no server takes for a chunk's.
fn keep(path: &Path) -> io::Result<PathBuf> {
    for number in 0.. {
        let suffix = if number == 0 { ".before-repair".into() } else { format!(".before-repair-{number}") };
        let mut copy = path.as_os_str().to_owned();
        copy.push(suffix);
        let copy = PathBuf::from(copy);
        match OpenOptions::new().write(true).create_new(true).open(&copy) {
            Ok(mut to) => {
                io::copy(&mut File::open(path)?, &mut to)?;
                to.sync_all()?;
                return Ok(copy);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    unreachable!("numbers do not end")
}

fn rename(path: &Path, name: &str) -> io::Result<()> {
    let flags = rustix::fs::RenameFlags::NOREPLACE;
    Ok(rustix::fs::renameat_with(rustix::fs::CWD, path, rustix::fs::CWD, path.with_file_name(name), flags)?)
}
