//! Label expressions (`spec/tools.md` 4): which servers the copies of a file go to.

use proto::client_master::LabelSet;
use std::collections::BTreeSet;
use thiserror::Error;

/// Copies a storage class can have.
const MAX_COPIES: usize = 9;
/// Masks that are or-ed for one copy.
const MAX_MASKS: usize = 4;
/// Brackets within brackets.
const MAX_DEPTH: usize = 16;

/// Why an expression is none, in stock's words, which scripts read.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum BadLabels {
    /// What stands there has no place.
    #[error("parse error, next {}", shown(*.0))]
    Unexpected(u8),
    /// A bracket is open.
    #[error("parse error, closing round bracket expected, next {}", shown(*.0))]
    OpenBracket(u8),
    /// More than nine copies.
    #[error("parse error, too many copies")]
    TooManyCopies,
    /// More than four alternatives for a copy.
    #[error("Too many 'or' groups (max: 4)")]
    TooManyMasks,
}

/// The next byte as stock shows it; the end is 0.
fn shown(next: u8) -> String {
    if next.is_ascii_graphic() { format!("char: '{}'", next as char) } else { format!("code: 0x{next:02X}") }
}

/// Reads an expression: a set for each copy.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<LabelSet>, BadLabels> {
    let mut parser = Parser { text, depth: 0 };
    let mut copies = Vec::new();
    loop {
        let (count, set, lone_number) = parser.item(copies.is_empty())?;
        if copies.len() + count > MAX_COPIES {
            return Err(BadLabels::TooManyCopies);
        }
        copies.extend(std::iter::repeat_n(set, count));
        match parser.peek() {
            0 if parser.text.is_empty() => return Ok(copies),
            b',' | b';' if !lone_number => parser.advance(),
            next => return Err(BadLabels::Unexpected(next)),
        }
    }
}

struct Parser<'a> {
    text: &'a [u8],
    depth: usize,
}

/// Masks that are or-ed, sorted and each once.
type Masks = BTreeSet<u32>;

impl Parser<'_> {
    /// The next byte that is no blank; 0 at the end.
    fn peek(&mut self) -> u8 {
        self.text = self.text.trim_ascii_start();
        self.text.first().copied().unwrap_or(0)
    }

    fn advance(&mut self) {
        self.text = self.text.get(1..).unwrap_or_default();
    }

    /// Skips `byte`, once or doubled.
    fn operator(&mut self, byte: u8) {
        self.advance();
        if self.text.first() == Some(&byte) {
            self.advance();
        }
    }

    /// `[1-9] [SET]`, or `SET`: how many copies of which set. A number alone, without a set, is a whole expression and
    /// only allowed as the first item.
    fn item(&mut self, first: bool) -> Result<(usize, LabelSet, bool), BadLabels> {
        let mut count = 1;
        let digit = self.peek();
        if (b'1'..=b'9').contains(&digit) {
            count = usize::from(digit - b'0');
            self.advance();
            if first && self.peek() == 0 && self.text.is_empty() {
                return Ok((count, [0; MAX_MASKS], true));
            }
        }
        if self.peek() == b'*' {
            self.advance();
            return Ok((count, [0; MAX_MASKS], false));
        }
        let masks = self.or()?;
        if masks.len() > MAX_MASKS {
            return Err(BadLabels::TooManyMasks);
        }
        let mut set = [0; MAX_MASKS];
        set.iter_mut().zip(&masks).for_each(|(slot, mask)| *slot = *mask);
        Ok((count, set, false))
    }

    fn or(&mut self) -> Result<Masks, BadLabels> {
        let mut masks = self.and()?;
        loop {
            match self.peek() {
                b'+' => self.advance(),
                b'|' => self.operator(b'|'),
                _ => return Ok(masks),
            }
            masks.append(&mut self.and()?);
        }
    }

    fn and(&mut self) -> Result<Masks, BadLabels> {
        let mut masks = self.factor()?;
        loop {
            match self.peek() {
                b'*' => self.advance(),
                b'&' => self.operator(b'&'),
                b'a'..=b'z' | b'A'..=b'Z' | b'(' | b'[' => {}
                _ => return Ok(masks),
            }
            let more = self.factor()?;
            masks = masks.iter().flat_map(|a| more.iter().map(move |b| a | b)).collect();
            // Before they multiply any further.
            if masks.len() > 64 {
                return Err(BadLabels::TooManyMasks);
            }
        }
    }

    fn factor(&mut self) -> Result<Masks, BadLabels> {
        let next = self.peek();
        let close = match next {
            b'a'..=b'z' | b'A'..=b'Z' => {
                self.advance();
                return Ok(Masks::from([1 << (next.to_ascii_uppercase() - b'A')]));
            }
            b'(' => b')',
            b'[' => b']',
            _ => return Err(BadLabels::Unexpected(next)),
        };
        if self.depth == MAX_DEPTH {
            return Err(BadLabels::TooManyMasks);
        }
        self.advance();
        self.depth += 1;
        let masks = self.or()?;
        self.depth -= 1;
        match self.peek() {
            found if found == close => self.advance(),
            found => return Err(BadLabels::OpenBracket(found)),
        }
        Ok(masks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proto::client_master::show_labels;

    fn shown(text: &str) -> Result<String, String> {
        let copies = parse(text.as_bytes()).map_err(|error| error.to_string())?;
        Ok(copies.iter().map(show_labels).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn expressions_as_stock_reads_them() {
        let cases = [
            ("2", "*,*"),
            (" 3 ", "*,*,*"),
            ("*", "*"),
            ("2A , 3 * , B", "A,A,*,*,*,B"),
            ("A(B+C)+D", "AB+AC+D"),
            ("[A|B]&[C||D]; 2*", "AC+BC+AD+BD,*,*"),
            ("ab,cD", "AB,CD"),
            ("AA+A", "A"),
            ("ZY+B+A", "A+B+YZ"),
            ("A*B", "AB"),
            ("A|B & C", "A+BC"),
            ("A+B+C+D+A", "A+B+C+D"),
        ];
        for (text, want) in cases {
            assert_eq!(shown(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn errors_in_stocks_words() {
        let cases = [
            ("10", "parse error, next char: '0'"),
            ("", "parse error, next code: 0x00"),
            ("A,,B", "parse error, next char: ','"),
            ("A+", "parse error, next code: 0x00"),
            ("A,é", "parse error, next code: 0xC3"),
            ("1;2;3", "parse error, next char: ';'"),
            ("*+A", "parse error, next char: '+'"),
            ("(A", "parse error, closing round bracket expected, next code: 0x00"),
            ("[A+B)", "parse error, closing round bracket expected, next char: ')'"),
            ("9A,B", "parse error, too many copies"),
            ("A+B+C+D+E", "Too many 'or' groups (max: 4)"),
            ("A &&& B", "parse error, next char: '&'"),
            ("2 3", "parse error, next char: '3'"),
        ];
        for (text, want) in cases {
            assert_eq!(shown(text), Err(want.to_owned()), "{text}");
        }
        let deep = "(".repeat(10_000);
        assert!(parse(deep.as_bytes()).is_err(), "no stack is deep enough for every expression");
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "[A-C0-9*+|&,;()\\[\\] ]{0,40}") {
            if let Ok(copies) = parse(text.as_bytes()) {
                prop_assert!((1..=MAX_COPIES).contains(&copies.len()));
            }
        }
    }
}
