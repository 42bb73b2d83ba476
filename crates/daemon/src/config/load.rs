//! From file to checked values.

use super::syntax::{Line, lines};
use super::value::{Value, take};
use super::{Config, ConfigError, Entry, Problem};
use crate::layout::Layout;
use crate::options::{Effect, Kind, OptionDef};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Larger files are no configuration.
const MAX_FILE: u64 = 1 << 20;

impl Config {
    /// Reads `file`, which must exist.
    pub fn load(
        file: &Path,
        tables: &'static [&'static [OptionDef]],
        layout: &Layout,
    ) -> Result<Config, ConfigError> {
        let read = || {
            if std::fs::metadata(file)?.len() > MAX_FILE {
                return Err(std::io::Error::other("larger than 1 MiB, so surely no configuration file"));
            }
            std::fs::read(file)
        };
        let text = read().map_err(|error| ConfigError::Unreadable { file: file.to_owned(), error })?;
        Config::parse(&text, file, tables, layout)
    }

    /// Reads the default file if there is one, else takes all defaults.
    pub fn load_default(
        name: &str,
        tables: &'static [&'static [OptionDef]],
        layout: &Layout,
    ) -> Result<Config, ConfigError> {
        let file = layout.config_file(name);
        match Config::load(&file, tables, layout) {
            Err(ConfigError::Unreadable { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut config = Config::parse(b"", &file, tables, layout)?;
                config.found = false;
                config.warnings.push(format!("can't load config file: {} - using defaults", file.display()));
                Ok(config)
            }
            other => other,
        }
    }

    /// Takes `text` as the content of `file`.
    pub fn parse(
        text: &[u8],
        file: &Path,
        tables: &'static [&'static [OptionDef]],
        layout: &Layout,
    ) -> Result<Config, ConfigError> {
        let mut written = BTreeMap::new();
        let mut warnings = Vec::new();
        let known = |name: &str| tables.iter().flat_map(|part| part.iter()).find(|def| def.name == name);
        for (number, line) in lines(text) {
            let at = format!("{}, line {number}", file.display());
            match line {
                Line::Bad(line) => warnings.push(format!("{at}: bad definition, ignored: {line}")),
                Line::Definition { name, value } => match known(&name) {
                    None => warnings.push(format!("{at}: unknown option {name}, ignored")),
                    Some(def) => {
                        if let Effect::NoMeaning(why) = def.effect {
                            warnings.push(format!("{at}: option {name} has no meaning here: {why}"));
                        }
                        written.insert(def.name, (number, value));
                    }
                },
            }
        }
        let all = written
            .iter()
            .map(|(name, (_, value)): (&&str, &(usize, String))| ((*name).to_owned(), value.clone()));
        let all = all.collect();
        let mut problems = Vec::new();
        let mut entries = BTreeMap::new();
        for def in tables.iter().flat_map(|part| part.iter()).filter(|def| def.effect == Effect::Obeyed) {
            match entry(def, tables, &mut written, layout) {
                Ok((entry, note)) => {
                    let at = format!("{}, line {}", file.display(), entry.line.unwrap_or(0));
                    warnings.extend(note.map(|note| format!("{at}: option {}: {note}", def.name)));
                    entries.insert(def.name, entry);
                }
                Err(problem) => problems.push(problem),
            }
        }
        for (name, (line, _)) in &written {
            if let Some(OptionDef { effect: Effect::OldName(of), .. }) = known(name) {
                warnings.push(format!(
                    "{}, line {line}: option {name} is ignored because {of} is set",
                    file.display()
                ));
            }
        }
        if problems.is_empty() {
            let (file, layout) = (file.to_owned(), layout.clone());
            Ok(Config {
                file,
                found: true,
                layout,
                tables,
                entries,
                written: all,
                warnings,
                log_defaults: false,
            })
        } else {
            problems.sort_by_key(|problem| problem.line);
            Err(ConfigError::Invalid { file: file.to_owned(), problems })
        }
    }
}

/// The value of one option out of what is `written`: its own name first, then older ones, then the default.
fn entry(
    def: &'static OptionDef,
    tables: &'static [&'static [OptionDef]],
    written: &mut BTreeMap<&'static str, (usize, String)>,
    layout: &Layout,
) -> Result<(Entry, Option<String>), Problem> {
    let older =
        tables.iter().flat_map(|part| part.iter()).filter(|old| old.effect == Effect::OldName(def.name));
    let source = std::iter::once(def).chain(older).find(|source| written.contains_key(source.name));
    let make = |value, line| Entry { def, value, line, used: AtomicBool::new(false) };
    let Some(source) = source else {
        let text = layout.expand(def.default);
        let value = match def.kind {
            Kind::Text | Kind::Path | Kind::Host => Value::Text(text),
            _ if text.is_empty() => Value::Unset,
            ref kind => take(kind, &text).expect("defaults are checked by a test").0,
        };
        return Ok((make(value, None), None));
    };
    let (line, text) = written.remove(source.name).expect("just found");
    match take(&def.kind, &text) {
        Ok((value, note)) => Ok((make(value, Some(line)), note)),
        Err(message) => {
            let (option, allowed) = (source.name.to_owned(), def.kind.allowed());
            Err(Problem { line: Some(line), option, message, allowed })
        }
    }
}
