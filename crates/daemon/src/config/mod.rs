//! Configuration files: `NAME = VALUE`, one a line (`spec/config-and-daemons.md` 2).

mod error;
mod load;
mod syntax;
#[cfg(test)]
mod tests;
mod value;

pub use error::{ConfigError, Problem};
pub use value::{parse_int, parse_size};

use crate::layout::Layout;
use crate::options::OptionDef;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use value::Value;

/// A checked configuration. Every value in it is inside its range, so the getters cannot fail.
///
/// Getters take an option's name from the daemon's table and panic for a name that is not in it or has another kind:
/// that is a mistake in the program, never in the file.
#[derive(Debug)]
pub struct Config {
    file: PathBuf,
    found: bool,
    layout: Layout,
    tables: &'static [&'static [OptionDef]],
    entries: BTreeMap<&'static str, Entry>,
    written: BTreeMap<String, String>,
    warnings: Vec<String>,
    log_defaults: bool,
}

#[derive(Debug)]
struct Entry {
    def: &'static OptionDef,
    value: Value,
    /// The line that set it, or `None` for the default.
    line: Option<usize>,
    used: AtomicBool,
}

impl Config {
    /// The file it was read from, or would have been.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// False when the default file does not exist and all options have their defaults.
    pub fn found(&self) -> bool {
        self.found
    }

    /// Where this installation keeps things.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Every option that the file sets, with its value as written, for those who may ask over the network.
    pub fn all_written(&self) -> &BTreeMap<String, String> {
        &self.written
    }

    /// What an operator should know about the file: lines and options that were ignored or clamped.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Logs the default of every option that is asked for and not set (`-u`).
    pub fn log_defaults(&mut self, on: bool) {
        self.log_defaults = on;
    }

    /// Reads the same file again. The old configuration stays as it is, so an invalid file never replaces a good one.
    pub fn reload(&self) -> Result<Config, ConfigError> {
        let mut new = Config::load(&self.file, self.tables, &self.layout)?;
        new.log_defaults = self.log_defaults;
        Ok(new)
    }

    /// One warning for each option that is set and was never asked for: nothing that an operator writes is ignored
    /// silently. To be called when the daemon has read all it wants.
    pub fn unused(&self) -> Vec<String> {
        let set = self.entries.values().filter(|entry| !entry.used.load(Ordering::Relaxed));
        set.filter_map(|entry| {
            let (line, name) = (entry.line?, entry.def.name);
            Some(format!("{}, line {line}: option {name} has no effect here", self.file.display()))
        })
        .collect()
    }

    /// Options whose values differ from those of `old`.
    pub fn differences(&self, old: &Config) -> impl Iterator<Item = &'static OptionDef> {
        let all = self.entries.values();
        all.filter(|entry| old.entries[entry.def.name].value != entry.value).map(|entry| entry.def)
    }

    /// Options that differ from `old` and take effect only with a restart.
    pub fn needs_restart(&self, old: &Config) -> Vec<&'static str> {
        self.differences(old).filter(|def| !def.reload).map(|def| def.name).collect()
    }

    fn entry(&self, name: &str) -> &Entry {
        let entry =
            self.entries.get(name).unwrap_or_else(|| panic!("no option {name} in this daemon's table"));
        if !entry.used.swap(true, Ordering::Relaxed) && self.log_defaults && entry.line.is_none() {
            tracing::info!("config: using default value for option '{name}' - '{}'", entry.value);
        }
        entry
    }

    /// True when the file sets the option, by this name or an older one.
    pub fn is_set(&self, name: &str) -> bool {
        self.entry(name).line.is_some()
    }

    /// What the file says of an option, as text; `None` when it says nothing or no such option exists.
    pub fn written(&self, name: &str) -> Option<String> {
        self.entries.get(name).filter(|entry| entry.line.is_some()).map(|entry| entry.value.to_string())
    }

    /// The line that set the option, for messages.
    pub fn line(&self, name: &str) -> Option<usize> {
        self.entry(name).line
    }

    /// The value as text; hosts, words and paths included. Words are in upper case.
    pub fn text(&self, name: &str) -> &str {
        match &self.entry(name).value {
            Value::Text(text) => text,
            other => panic!("option {name} is no text but {other:?}"),
        }
    }

    /// A text that is set and not empty.
    pub fn optional(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// A path; a relative one starts at the daemon's working directory, `DATA_PATH`.
    pub fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(self.text(name))
    }

    /// A whole number inside its range.
    pub fn int(&self, name: &str) -> i64 {
        match self.entry(name).value {
            Value::Int(n) => n,
            ref other => panic!("option {name} is no number but {other:?}"),
        }
    }

    /// [`Config::int`] in the type wanted; the option's range must fit it.
    pub fn number<T: TryFrom<i64>>(&self, name: &str) -> T {
        let n = self.int(name);
        T::try_from(n).unwrap_or_else(|_| panic!("range of option {name} does not fit its use"))
    }

    /// A number that has no default: `None` when not set.
    pub fn optional_int(&self, name: &str) -> Option<i64> {
        match self.entry(name).value {
            Value::Int(n) => Some(n),
            _ => None,
        }
    }

    /// A number of seconds.
    pub fn seconds(&self, name: &str) -> Duration {
        Duration::from_secs(self.number(name))
    }

    /// Yes or no.
    pub fn flag(&self, name: &str) -> bool {
        self.int(name) != 0
    }

    /// A number with a fraction.
    pub fn real(&self, name: &str) -> f64 {
        match self.entry(name).value {
            Value::Real(x) => x,
            ref other => panic!("option {name} is no number but {other:?}"),
        }
    }

    /// A number with a fraction that has no default.
    pub fn optional_real(&self, name: &str) -> Option<f64> {
        match self.entry(name).value {
            Value::Real(x) => Some(x),
            _ => None,
        }
    }

    /// Four numbers.
    pub fn four(&self, name: &str) -> [f64; 4] {
        match self.entry(name).value {
            Value::Four(four) => four,
            ref other => panic!("option {name} is no list but {other:?}"),
        }
    }

    /// A number of bytes.
    pub fn size(&self, name: &str) -> u64 {
        match self.entry(name).value {
            Value::Size(bytes) => bytes,
            ref other => panic!("option {name} is no size but {other:?}"),
        }
    }

    /// A TCP port.
    pub fn port(&self, name: &str) -> u16 {
        self.number(name)
    }

    /// A local address: `*` is any. Names are resolved now.
    pub fn local_ip(&self, name: &str) -> Result<Ipv4Addr, Problem> {
        let host = self.text(name);
        if host == "*" {
            return Ok(Ipv4Addr::UNSPECIFIED);
        }
        resolve(host, 0).map(|address| *address.ip()).map_err(|why| Problem {
            line: self.line(name),
            option: name.into(),
            message: format!("'{host}' is no address of this machine: {why}"),
            allowed: "an IPv4 address of this machine, a name for one, or *".into(),
        })
    }

    /// The address to listen on that two options name together.
    pub fn listen(&self, host: &str, port: &str) -> Result<SocketAddrV4, Problem> {
        Ok(SocketAddrV4::new(self.local_ip(host)?, self.port(port)))
    }

    /// Makes one of these problems an error that names this file.
    pub fn error(&self, problem: Problem) -> ConfigError {
        ConfigError::Invalid { file: self.file.clone(), problems: vec![problem] }
    }
}

/// The first IPv4 address of a host name. Blocks while the resolver works.
pub fn resolve(host: &str, port: u16) -> std::io::Result<SocketAddrV4> {
    if let Ok(ip) = host.parse() {
        return Ok(SocketAddrV4::new(ip, port));
    }
    let found = (host, port).to_socket_addrs()?.find_map(|address| match address {
        std::net::SocketAddr::V4(v4) => Some(v4),
        std::net::SocketAddr::V6(_) => None,
    });
    found.ok_or_else(|| {
        std::io::Error::new(std::io::ErrorKind::NotFound, format!("no IPv4 address of {host}"))
    })
}
