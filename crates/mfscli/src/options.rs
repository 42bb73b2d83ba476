//! The command line (`spec/admin-and-monitoring.md` 9.1). Options stand one after the other and mean the data set before
//! them, or the next one when there is none yet.

use std::ffi::OsString;

/// What to show, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Set {
    /// Two capital letters.
    pub(crate) code: String,
    /// Column to sort by, from 1; 0 is the default.
    pub(crate) order: usize,
    pub(crate) reverse: bool,
    /// What it means depends on the set.
    pub(crate) mode: u32,
}

/// Columns of chart data and how many rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chart {
    pub(crate) rows: u32,
    /// `[host:[port:]][+]name`
    pub(crate) columns: Vec<String>,
}

impl Default for Chart {
    fn default() -> Chart {
        Chart { rows: 25, columns: Vec::new() }
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Fields are separated by it; `None` on a terminal.
    pub(crate) separator: Option<String>,
    pub(crate) json: bool,
    /// Which frames, 0 to 3.
    pub(crate) frames: usize,
    pub(crate) resolve: bool,
    pub(crate) sets: Vec<Set>,
    pub(crate) commands: Vec<String>,
    /// Session for open files, inode for locks; 0 is all.
    pub(crate) id: u32,
    pub(crate) master_charts: Chart,
    pub(crate) server_charts: Chart,
}

/// What to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Other {
    Help,
    Version,
    /// Help, because of what is wrong.
    Wrong(String),
}

/// Letters that take a value.
const VALUES: &str = "HPSCfsomiabcd";
const FLAGS: &str = "hvpnr28j";

/// One letter with its value.
type Given = (char, String);

/// Takes arguments apart as getopt does; anything that is no option is ignored, as in stock.
fn letters(args: impl IntoIterator<Item = OsString>) -> Result<Vec<Given>, String> {
    let mut given = Vec::new();
    let mut args = args.into_iter().map(|arg| arg.to_string_lossy().into_owned());
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--json" => given.push(('j', String::new())),
            "--help" => given.push(('h', String::new())),
            "--version" => given.push(('v', String::new())),
            // getopt of Python stops at the first word that is no option.
            _ => {
                let Some(bundle) =
                    arg.strip_prefix('-').filter(|bundle| !bundle.is_empty() && *bundle != "-")
                else {
                    break;
                };
                let mut rest = bundle.chars();
                while let Some(letter) = rest.next() {
                    if FLAGS.contains(letter) {
                        given.push((letter, String::new()));
                        continue;
                    }
                    if !VALUES.contains(letter) {
                        return Err(format!("there is no option -{letter}"));
                    }
                    let value = rest.as_str().to_owned();
                    let value = if value.is_empty() { args.next() } else { Some(value) };
                    given.push((letter, value.ok_or(format!("option -{letter} needs a value"))?));
                    break;
                }
            }
        }
    }
    Ok(given)
}

impl Options {
    /// From arguments without the program's name. `terminal`: whether output goes to one.
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>, terminal: bool) -> Result<Options, Other> {
        let mut options = Options {
            host: "mfsmaster".into(),
            port: 9421,
            separator: (!terminal).then(|| "\t".to_owned()),
            json: false,
            frames: 0,
            resolve: true,
            sets: Vec::new(),
            commands: Vec::new(),
            id: 0,
            master_charts: Chart::default(),
            server_charts: Chart::default(),
        };
        // Order, direction and mode are of the sets of the last -S; those before any are of the first one.
        let mut how = Set::default();
        let mut codes: &[&'static str] = &[];
        for (letter, value) in letters(args).map_err(Other::Wrong)? {
            match letter {
                'h' => return Err(Other::Help),
                'v' => return Err(Other::Version),
                'S' => {
                    for code in pairs(&value) {
                        if !codes.is_empty() {
                            how = Set::default();
                        }
                        codes = expand(&code);
                        options.say(codes, &how);
                    }
                }
                'o' | 'r' | 'm' => {
                    match letter {
                        'o' => how.order = number(letter, &value).map_err(Other::Wrong)?,
                        'm' => how.mode = number(letter, &value).map_err(Other::Wrong)?,
                        _ => how.reverse = true,
                    }
                    options.say(codes, &how);
                }
                _ => options.take(letter, value).map_err(Other::Wrong)?,
            }
        }
        options.sets.sort_by_key(|set| ALL.iter().position(|code| *code == set.code));
        Ok(options)
    }

    /// Asks for sets, each once, and says how.
    fn say(&mut self, codes: &[&str], how: &Set) {
        for code in codes {
            let known = self.sets.iter().position(|set| set.code == *code);
            let at = known.unwrap_or_else(|| {
                self.sets.push(Set { code: (*code).to_owned(), ..Set::default() });
                self.sets.len() - 1
            });
            let set = &mut self.sets[at];
            set.order = if how.order > 0 { how.order } else { set.order };
            set.mode = if how.mode > 0 { how.mode } else { set.mode };
            set.reverse |= how.reverse;
        }
    }

    fn take(&mut self, letter: char, value: String) -> Result<(), String> {
        match letter {
            'H' => self.host = value,
            'P' => self.port = number(letter, &value)?,
            'C' => self.commands.push(value),
            'p' => self.separator = Some(self.separator.take().unwrap_or_else(|| "\t".into())),
            's' => self.separator = Some(value),
            'j' => self.json = true,
            'f' => self.frames = number::<usize>(letter, &value)?.min(3),
            'n' => self.resolve = false,
            'i' => self.id = number(letter, &value)?,
            'a' => self.master_charts.rows = number(letter, &value)?,
            'c' => self.server_charts.rows = number(letter, &value)?,
            'b' => self.master_charts.columns.extend(value.split(',').map(str::to_owned)),
            'd' => self.server_charts.columns.extend(value.split(',').map(str::to_owned)),
            // Colours: accepted as stock does, which uses eight whatever it is told.
            _ => {}
        }
        Ok(())
    }
}

fn number<T: std::str::FromStr>(letter: char, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("option -{letter} needs a number, not \"{text}\""))
}

/// `CSMB` is two codes.
fn pairs(codes: &str) -> Vec<String> {
    let letters: Vec<char> = codes.chars().collect();
    letters.chunks_exact(2).map(|pair| pair.iter().collect()).collect()
}

/// All sets in the order in which they are printed, whatever the order they are asked for in.
const ALL: &[&str] = &[
    "IM", "LI", "IG", "MU", "IC", "IL", "MF", "CS", "MB", "HD", "EX", "MS", "MO", "SC", "OF", "AL", "QU",
    "MC", "CC",
];

/// The sets that a code stands for; none for an unknown one.
fn expand(code: &str) -> &'static [&'static str] {
    match code {
        "IN" => &ALL[..7],
        "RS" => &ALL[13..16],
        _ => ALL.iter().position(|known| *known == code).map_or(&[], |i| &ALL[i..=i]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Options, Other> {
        Options::parse(args.iter().map(OsString::from), false)
    }

    #[test]
    fn an_order_is_of_the_set_before_it_or_of_the_first() {
        let options = parse(&["-o3", "-SMBCS", "-r", "-SHD", "-m", "2", "-SCS", "-o1", "-H", "a,b"]).unwrap();
        let set = |code: &str, order, reverse, mode| Set { code: code.into(), order, reverse, mode };
        let sets = [set("CS", 1, true, 0), set("MB", 3, false, 0), set("HD", 0, false, 2)];
        assert_eq!(options.sets, sets, "in the order of printing, each once");
        assert_eq!(options.host, "a,b");
    }

    #[test]
    fn sets_of_sets_and_unknown_ones() {
        let codes = |args: &[&str]| -> Vec<String> {
            parse(args).unwrap().sets.into_iter().map(|set| set.code).collect()
        };
        assert_eq!(codes(&["-SRS"]), ["SC", "OF", "AL"]);
        assert_eq!(codes(&["-SIN"]).len(), 7);
        assert!(codes(&["-SXX"]).is_empty());
    }

    #[test]
    fn what_is_wrong() {
        assert_eq!(parse(&["-pz"]), Err(Other::Wrong("there is no option -z".into())));
        assert!(matches!(parse(&["-P", "x"]), Err(Other::Wrong(_))));
        assert_eq!(parse(&["-SCS", "-v"]), Err(Other::Version));
        assert_eq!(parse(&["-s", ";"]).unwrap().separator.as_deref(), Some(";"));
    }
}
