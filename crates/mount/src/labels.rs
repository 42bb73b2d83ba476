//! Label expressions of `mfspreflabels` (`spec/tools.md` 4): up to nine, joined by `;`, in order of priority. Each is
//! multiplied out into masks, of which a server must have all labels of one.

/// Most expressions.
const MAX_SETS: usize = 9;
/// Most masks of one expression.
const MAX_MASKS: usize = 4;
/// Deepest nesting of brackets.
const MAX_DEPTH: usize = 32;

/// The masks of each expression; bit 0 is label A.
pub(crate) fn parse(text: &str) -> Result<Vec<Vec<u32>>, String> {
    let error = |why: String| format!("error parsing preferred labels expression: {why}");
    let parts: Vec<&str> = text.split([';', ',']).collect();
    if parts.len() > MAX_SETS {
        return Err(error("too many copies".into()));
    }
    parts.into_iter().map(|part| set(part).map_err(error)).collect()
}

fn set(text: &str) -> Result<Vec<u32>, String> {
    let chars: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    if chars == ['*'] {
        return Ok(vec![0]);
    }
    let mut parser = Parser { chars: &chars, at: 0 };
    let masks = parser.sum(0)?;
    match parser.peek() {
        None => Ok(masks),
        Some(c) => Err(format!("next char: '{c}'")),
    }
}

struct Parser<'a> {
    chars: &'a [char],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// Takes `c` once or, as `||` and `&&`, twice.
    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += 1;
            if c != '+' && c != '*' && self.peek() == Some(c) {
                self.at += 1;
            }
        }
        found
    }

    fn sum(&mut self, depth: usize) -> Result<Vec<u32>, String> {
        let mut masks = self.product(depth)?;
        while self.take('+') || self.take('|') {
            masks.extend(self.product(depth)?);
            check(&masks)?;
        }
        Ok(masks)
    }

    fn product(&mut self, depth: usize) -> Result<Vec<u32>, String> {
        let mut masks = self.factor(depth)?;
        loop {
            let joined = self.take('*') || self.take('&');
            let more = matches!(self.peek(), Some(c) if c.is_ascii_alphabetic() || c == '(' || c == '[');
            if !joined && !more {
                return Ok(masks);
            }
            let others = self.factor(depth)?;
            masks = masks.iter().flat_map(|a| others.iter().map(move |b| a | b)).collect();
            check(&masks)?;
        }
    }

    fn factor(&mut self, depth: usize) -> Result<Vec<u32>, String> {
        let next = self.peek();
        self.at += 1;
        match next {
            Some(c) if c.is_ascii_alphabetic() => Ok(vec![1 << (c.to_ascii_uppercase() as u32 - 'A' as u32)]),
            Some(open @ ('(' | '[')) if depth < MAX_DEPTH => {
                let masks = self.sum(depth + 1)?;
                let close = if open == '(' { ')' } else { ']' };
                if self.peek() != Some(close) {
                    return Err(format!("'{close}' expected"));
                }
                self.at += 1;
                Ok(masks)
            }
            Some(c) => Err(format!("next char: '{c}'")),
            None => Err("unexpected end".into()),
        }
    }
}

fn check(masks: &[u32]) -> Result<(), String> {
    if masks.len() > MAX_MASKS { Err(format!("Too many 'or' groups (max: {MAX_MASKS})")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        assert_eq!(parse("A").unwrap(), [[1]]);
        assert_eq!(parse("A+B;*").unwrap(), vec![vec![1, 2], vec![0]]);
        assert_eq!(parse("(a|b)&(C+D)").unwrap(), [[5, 9, 6, 10]]);
        assert_eq!(parse("AB").unwrap(), [[3]]);
        for bad in ["", "A+", "(A", "A)", "1", "A+B+C+D+E", "A;A;A;A;A;A;A;A;A;A"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
