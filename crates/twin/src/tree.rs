//! Any value as a tree of named fields, read from its `{:#?}` text: one way to compare every packet field by field.

/// A node: a field, a list or what holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The field's name; empty for elements of lists and tuples.
    pub name: String,
    /// A plain value, or the type's name in front of parts.
    pub text: String,
    /// Fields or elements.
    pub parts: Vec<Tree>,
}

impl Tree {
    /// Reads what `{:#?}` printed.
    pub fn parse(text: &str) -> Tree {
        let mut lines = text.lines().map(str::trim_start).peekable();
        parse_one(&mut lines)
    }
}

fn parse_one<'a>(lines: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>) -> Tree {
    let line = lines.next().unwrap_or_default();
    let line = line.strip_suffix(',').unwrap_or(line);
    let (name, value) = match line.split_once(": ") {
        Some((name, value)) if is_field_name(name) => (name, value),
        _ => ("", line),
    };
    let mut tree = Tree { name: name.to_owned(), text: value.to_owned(), parts: Vec::new() };
    if let Some(kind) = value.strip_suffix(['{', '(', '[']) {
        tree.text = kind.trim_end().to_owned();
        while let Some(next) = lines.peek() {
            if matches!(next.strip_suffix(',').unwrap_or(next), "}" | ")" | "]") {
                lines.next();
                break;
            }
            tree.parts.push(parse_one(lines));
        }
    }
    tree
}

fn is_field_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    #[expect(dead_code, reason = "printed")]
    struct Sample {
        number: u32,
        list: Vec<(u8, &'static str)>,
        empty: Vec<u8>,
    }

    #[test]
    fn fields_lists_and_plain_values() {
        let sample = Sample { number: 7, list: vec![(1, "a: b"), (2, "}")], empty: vec![] };
        let tree = Tree::parse(&format!("{sample:#?}"));
        assert_eq!(tree.text, "Sample");
        assert_eq!((tree.parts[0].name.as_str(), tree.parts[0].text.as_str()), ("number", "7"));
        let list = &tree.parts[1];
        assert_eq!((list.name.as_str(), list.parts.len()), ("list", 2));
        assert_eq!(list.parts[0].parts[1].text, "\"a: b\"");
        assert_eq!(list.parts[1].parts[1].text, "\"}\"");
        assert_eq!(tree.parts[2].text, "[]");
        assert_eq!(Tree::parse("Ok").text, "Ok");
    }
}
