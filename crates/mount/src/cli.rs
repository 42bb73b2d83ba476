//! The command line of `mfsmount` (`spec/tools.md` 15).

use crate::options::{MountOptions, set_flag, set_value};
use client::PasswordMd5;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const MAX_LINE: usize = 998;

pub(crate) const HELP: &str = "\
usage: mfsmount [HOST[:PORT]:[PATH]] [options] mountpoint

general options:
    -o opt,[opt...]         mount options
    -h   --help             print help
    -V   --version          print version

MFS options:
    -c CFGFILE              equivalent to '-o mfscfgfile=CFGFILE'
    -H HOST                 equivalent to '-o mfsmaster=HOST'
    -P PORT                 equivalent to '-o mfsport=PORT'
    -B IP                   equivalent to '-o mfsbind=IP'
    -L IP                   equivalent to '-o mfsproxy=IP'
    -S PATH                 equivalent to '-o mfssubfolder=PATH'
    -p   --password         similar to '-o mfspassword=PASSWORD', but show prompt and ask user for password
    -n   --nostdopts        do not add standard MFS mount options: '-o allow_other'
    -f   -d   -s            foreground, debug, single thread

mount options (default):
    mfsmaster=HOST (mfsmaster)           mfsport=PORT (9421)
    mfsbind=IP                           mfsproxy=IP (127.0.0.1)
    mfssubfolder=PATH (/)                mfsdelayedinit
    mfspassword=, mfspassfile=, mfsmd5pass=
    mfscachemode=AUTO|DIRECT|NEVER|ALWAYS (AUTO)
    mfsattrcacheto=SEC (1.0)             mfsentrycacheto=SEC (0.0)
    mfsdirentrycacheto=SEC (1.0)         mfsnegentrycacheto=SEC (0.0)
    mfsxattrcacheto=SEC (30.0)           mfsgroupscacheto=SEC (300.0)
    mfswritecachesize=MiB (256)          mfsreadaheadsize=MiB (256)
    mfsreadaheadleng=BYTES (1048576)     mfsreadaheadtrigger=BYTES (10 * leng)
    mfsioretries=N (30)                  mfstimeout=SEC (0)
    mfslogretry=N (5)                    mfsfsyncmintime=SEC (0.0)
    mfserroronlostchunk, mfserroronnospace
    mfsmkdircopysgid=N (1)               mfssugidclearmode=MODE (EXT)
    mfsnoxattrs, mfsnoposixlocks, mfsnobsdlocks
    mfsrlimitnofile=N, mfsnice=N, mfsmemlock, mfsallowoomkiller
    mfspreflabels=EXPR[;EXPR...]
    nonempty, ro, mfssuid, mfsdev
";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    Mount(Box<MountOptions>),
    Help,
    Version,
}

#[derive(Default)]
struct Parser {
    options: MountOptions,
    positional: Vec<String>,
    file: Option<PathBuf>,
    in_file: bool,
    default_mount_point: Option<String>,
    trigger_set: bool,
    password_options: [bool; 2],
    cache_options: [bool; 2],
    ask_password: bool,
    end: Option<Command>,
}

/// Parses the arguments behind the program's name, and `default_file` if it exists and they name no other; `Err` is a
/// message for the user.
pub(crate) fn parse(args: &[OsString], default_file: &Path) -> Result<Command, String> {
    let mut parser = Parser::default();
    let args: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    parser.arguments(&args)?;
    if let Some(end) = parser.end {
        return Ok(end);
    }
    parser.options_file(default_file)?;
    parser.finish()
}

impl Parser {
    fn arguments(&mut self, args: &[String]) -> Result<(), String> {
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let Some(short) = arg.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
                self.positional.push(arg.clone());
                continue;
            };
            match arg.as_str() {
                "--help" => self.end = Some(Command::Help),
                "--version" => self.end = Some(Command::Version),
                "--meta" => self.option("mfsmeta")?,
                "--password" => self.ask_password = true,
                "--nostdopts" => self.options.allow_other = false,
                _ if arg.starts_with("--") => {
                    return Err(format!("unknown option '{arg}'\nsee: mfsmount -h for help"));
                }
                _ => self.short(short, &mut args)?,
            }
        }
        Ok(())
    }

    /// `-fH host`, `-Hhost`: letters without a value may be joined, one with a value ends the word.
    fn short<'s>(&mut self, word: &str, args: &mut impl Iterator<Item = &'s String>) -> Result<(), String> {
        for (i, letter) in word.char_indices() {
            match letter {
                'h' => self.end = Some(Command::Help),
                'V' => self.end = Some(Command::Version),
                'm' => self.option("mfsmeta")?,
                'p' => self.ask_password = true,
                'n' => self.options.allow_other = false,
                'f' => self.options.foreground = true,
                'd' => {
                    self.options.foreground = true;
                    set_flag(&mut self.options, "debug")?;
                }
                's' => self.options.single_thread = true,
                'c' | 'H' | 'P' | 'B' | 'L' | 'S' | 'o' => {
                    let joined = &word[i + 1..];
                    let value = match joined {
                        "" => args.next().ok_or_else(|| format!("option '-{letter}' needs a value"))?,
                        _ => joined,
                    };
                    return self.short_value(letter, value);
                }
                // mount(8) says these to its helpers.
                'v' => {}
                'w' => self.options.read_only = false,
                'r' => self.options.read_only = true,
                _ => return Err(format!("unknown option '-{letter}'\nsee: mfsmount -h for help")),
            }
        }
        Ok(())
    }

    fn short_value(&mut self, letter: char, value: &str) -> Result<(), String> {
        let name = match letter {
            'c' => "mfscfgfile",
            'H' => "mfsmaster",
            'P' => "mfsport",
            'B' => "mfsbind",
            'L' => "mfsproxy",
            'S' => "mfssubfolder",
            _ => return self.option_list(value),
        };
        self.value(name, value)
    }

    /// `a,b=c`; a comma within a value is written `\,`.
    fn option_list(&mut self, list: &str) -> Result<(), String> {
        let mut option = String::new();
        let mut chars = list.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => option.extend(chars.next()),
                ',' => self.option(&std::mem::take(&mut option))?,
                _ => option.push(c),
            }
        }
        self.option(&option)
    }

    fn option(&mut self, option: &str) -> Result<(), String> {
        match option.split_once('=') {
            _ if option.is_empty() => Ok(()),
            Some((name, value)) => self.value(name, value),
            None => {
                self.cache_options[1] |= option == "mfscachefiles";
                set_flag(&mut self.options, option)
            }
        }
    }

    fn value(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "mfscfgfile" if !self.in_file => self.file = Some(value.into()),
            "mfscfgfile" => return Err("mfscfgfile cannot be used in an options file".into()),
            "mfspassword" | "mfsmd5pass" => self.password_options[0] = true,
            "mfspassfile" => self.password_options[1] = true,
            "mfscachemode" => self.cache_options[0] = true,
            "mfsreadaheadtrigger" => self.trigger_set = true,
            _ => {}
        }
        if name == "mfscfgfile" {
            return Ok(());
        }
        set_value(&mut self.options, name, value)
    }

    /// Options of the file come after those of the command line, and win (15.3).
    fn options_file(&mut self, default: &Path) -> Result<(), String> {
        let path = match self.file.take() {
            Some(path) if path.exists() => path,
            Some(path) => return Err(format!("cfg file ({}) doesn't exist", path.display())),
            None if default.exists() => default.into(),
            None => return Ok(()),
        };
        let text = std::fs::read(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        self.in_file = true;
        for line in String::from_utf8_lossy(&text).lines() {
            let line = line.trim();
            if line.len() > MAX_LINE {
                return Err(format!("line too long in {}", path.display()));
            }
            match line.chars().next() {
                None | Some('#' | ';') => {}
                Some('/') => self.default_mount_point = Some(line.into()),
                Some('-') => {
                    let words: Vec<String> = line.split_whitespace().map(String::from).collect();
                    self.arguments(&words)?;
                }
                Some(_) => self.option_list(line)?,
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Command, String> {
        if self.password_options == [true, true] {
            return Err("mfspassfile option is mutually exclusive with mfspassword and mfsmd5pass".into());
        }
        if self.cache_options == [true, true] {
            return Err("mfscachemode and mfscachefiles options are exclusive - use only mfscachemode".into());
        }
        let mount_point = match self.positional.len() {
            0 => self.default_mount_point,
            1 | 2 => self.positional.pop(),
            _ => return Err("too many arguments\nsee: mfsmount -h for help".into()),
        };
        if let Some(source) = self.positional.pop() {
            source_argument(&mut self.options, &source)?;
        }
        let mount_point = mount_point.ok_or("no mount point\nsee: mfsmount -h for help")?;
        if self.ask_password {
            self.options.client.password = Some(ask_password()?);
        }
        if !self.trigger_set {
            self.options.client.read_ahead_trigger = 10 * self.options.client.read_ahead_length as u64;
        }
        self.options.client.info = mount_point.clone();
        self.options.mount_point = mount_point.into();
        Ok(Command::Mount(Box::new(self.options)))
    }
}

/// `HOST[:PORT]:[PATH]`; fstab's `mfsmount` says nothing.
fn source_argument(options: &mut MountOptions, source: &str) -> Result<(), String> {
    let Some((host, rest)) = source.split_once(':') else {
        return Ok(());
    };
    if !host.is_empty() {
        options.client.master_host = host.into();
    }
    let path = match rest.split_once(':') {
        Some((port, path)) => {
            options.client.master_port = crate::options::port(port)?;
            path
        }
        None if !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()) => {
            options.client.master_port = crate::options::port(rest)?;
            ""
        }
        None => rest,
    };
    if !path.is_empty() {
        options.client.subfolder = path.into();
    }
    Ok(())
}

fn ask_password() -> Result<PasswordMd5, String> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let failed = |e: &dyn std::fmt::Display| format!("cannot ask for a password: {e}");
    let terminal =
        std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|e| failed(&e))?;
    std::io::Write::write_all(&mut &terminal, b"MFS Password:").map_err(|e| failed(&e))?;
    let before = tcgetattr(&terminal).map_err(|e| failed(&e))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Now, &silent).map_err(|e| failed(&e))?;
    let mut line = String::new();
    let read = std::io::BufRead::read_line(&mut std::io::BufReader::new(&terminal), &mut line);
    let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
    let _ = std::io::Write::write_all(&mut &terminal, b"\n");
    read.map_err(|e| failed(&e))?;
    Ok(PasswordMd5::of(line.trim_end_matches(['\r', '\n']).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(line: &str) -> Result<Box<MountOptions>, String> {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        match parse(&args, Path::new("/nonexistent"))? {
            Command::Mount(options) => Ok(options),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn usual_lines() {
        let options =
            mount("/mnt -H 10.0.0.1 -P 19421 -S sub -o mfsattrcacheto=2.5,ro,mfsnoxattr -f").unwrap();
        assert_eq!(options.client.master_host, "10.0.0.1");
        assert_eq!(options.client.master_port, 19421);
        assert_eq!((options.attr_cache_s, options.read_only, options.foreground), (2.5, true, true));
        assert_eq!(options.source(), "mfs#10.0.0.1:19421/sub");
        let options = mount("master:9500:/dir /mnt -o rw,defaults,_netdev").unwrap();
        assert_eq!((options.client.master_port, options.client.subfolder.as_str()), (9500, "/dir"));
        let options = mount("-fHhost /mnt").unwrap();
        assert_eq!((options.client.master_host.as_str(), options.foreground), ("host", true));
    }

    #[test]
    fn bad_lines_say_what_is_wrong() {
        for (line, message) in [
            ("", "no mount point"),
            ("/mnt -o mfsattrcacheto=x", "not a number"),
            ("/mnt -o nonsense", "unknown option"),
            ("/mnt -o mfsmd5pass=12", "32 hex digits"),
            ("/mnt -o mfscachemode=NO,mfscachefiles", "exclusive"),
            ("/mnt -o mfscachemode=MAYBE", "unrecognized cachemode"),
            ("/mnt -c /nonexistent/x.cfg", "doesn't exist"),
            ("/mnt -H", "needs a value"),
        ] {
            let error = mount(line).unwrap_err();
            assert!(error.contains(message), "{line}: {error}");
        }
    }
}
