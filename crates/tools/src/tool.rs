//! What a tool is: its names, its options, and the help made from them.

use crate::args::Opt;
use crate::failure::Stop;
use crate::run::Job;
use crate::table::TOOLS;

/// A tool.
#[derive(Debug)]
pub struct Tool {
    /// The name it is called by.
    pub name: &'static str,
    /// Other names, with the arguments that come with them.
    pub also: &'static [(&'static str, &'static [&'static str])],
    /// What it does, in a line.
    pub about: &'static str,
    /// What follows its name, a line for each form.
    pub usage: &'static [&'static str],
    /// Its options, in groups.
    pub(crate) options: &'static [&'static [Opt]],
    /// Whether the options are read only after an action.
    pub(crate) actions: bool,
    /// What else to know.
    pub(crate) notes: &'static str,
    pub(crate) run: fn(&mut Job) -> Result<u8, Stop>,
}

/// The tool that a name calls, with the arguments the name implies.
pub fn called(name: &str) -> Option<(&'static Tool, &'static [&'static str])> {
    TOOLS.iter().find_map(|tool| {
        let own = (tool.name == name).then_some(&[][..]);
        let implied = own.or_else(|| tool.also.iter().find(|(also, _)| *also == name).map(|(_, args)| *args));
        implied.map(|args| (tool, args))
    })
}

impl Tool {
    /// The options it parses itself.
    pub(crate) fn options(&self) -> impl Iterator<Item = &'static Opt> + Clone + use<> {
        let groups = if self.actions { &[] } else { self.options };
        groups.iter().copied().flatten()
    }

    /// All names it is called by.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.also.iter().map(|(name, _)| *name))
    }

    /// The names that stock's package links.
    pub(crate) fn linked_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let deprecated = self
            .also
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| name.starts_with("mfsr") && name.ends_with(&self.name[3..]));
        std::iter::once(self.name).chain(deprecated)
    }

    /// What is said of a wrong command line.
    pub(crate) fn wrong_usage(&self, message: &str) -> String {
        let mut text = format!("{}: {message}\n", self.name);
        for form in self.usage {
            text += &format!("usage: {} {form}\n", self.name);
        }
        text + &format!("see {} --help\n", self.name)
    }

    /// The whole help.
    pub fn help(&self) -> String {
        let mut text = format!("{}\n\n", self.about);
        for form in self.usage {
            text += &format!("usage: {} {form}\n", self.name);
        }
        for group in self.options {
            text.push('\n');
            for option in *group {
                let letter = option.letter as char;
                let option_and_value = match option.value {
                    Some(value) => format!("-{letter} {value}"),
                    None => format!("-{letter}"),
                };
                text += &format!("  {option_and_value:<14} {}\n", option.help);
            }
        }
        if !self.notes.is_empty() {
            text += &format!("\n{}\n", self.notes);
        }
        let others: Vec<&str> = self.also.iter().map(|(name, _)| *name).collect();
        if !others.is_empty() {
            text += &format!("\nAlso called as {}.\n", others.join(", "));
        }
        text
    }
}
