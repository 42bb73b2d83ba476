//! Manual pages, made from the table as the help is.

use crate::tool::Tool;
use std::fmt::Write;

impl Tool {
    /// The page for man(1), in roff.
    pub fn manual(&self) -> String {
        let mut page = format!(".TH {} 1 \"\" ElkFS\n.SH NAME\n", self.name.to_uppercase());
        let about = self.about;
        line(&mut page, &format!("{} \\- {}", self.name, escaped(about)));
        page.push_str(".SH SYNOPSIS\n");
        for form in self.usage {
            line(&mut page, &format!(".B {}", self.name));
            line(&mut page, &escaped(form));
            page.push_str(".br\n");
        }
        if self.options.iter().any(|group| !group.is_empty()) {
            page.push_str(".SH OPTIONS\n");
        }
        for option in self.options.iter().copied().flatten() {
            let value = option.value.map_or_else(String::new, |value| format!(" \\fI{}\\fR", escaped(value)));
            line(&mut page, ".TP");
            line(&mut page, &format!("\\fB\\-{}\\fR{value}", option.letter as char));
            line(&mut page, &escaped(option.help));
        }
        if !self.notes.is_empty() {
            page.push_str(".SH NOTES\n");
            for note in self.notes.lines() {
                line(&mut page, ".PP");
                line(&mut page, &escaped(note));
            }
        }
        page.push_str(".SH EXIT STATUS\n0 when every object was processed, 1 or 255 when one failed or the command line is wrong.\n");
        page
    }
}

fn line(page: &mut String, text: &str) {
    // A write to a string does not fail.
    let _ = writeln!(page, "{text}");
}

/// Text in which roff finds no command.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use crate::TOOLS;

    #[test]
    fn pages_have_all_parts() {
        for tool in TOOLS {
            let page = tool.manual();
            assert!(page.starts_with(&format!(".TH {} 1", tool.name.to_uppercase())));
            assert_eq!(page.matches("\n.TP\n").count(), tool.options.iter().copied().flatten().count());
            let commands = [".TH", ".SH", ".B", ".br", ".TP", ".PP"];
            let bad = page.lines().find(|line| {
                line.starts_with('.') && !commands.contains(&line.split(' ').next().unwrap_or_default())
            });
            assert_eq!(bad, None, "{}", tool.name);
        }
    }
}
