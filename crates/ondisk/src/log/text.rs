//! Numbers and escaped bytes as text.

/// True for bytes that lines carry as `%XX` (`spec/metadata-format.md` 12.1).
fn must_escape(byte: u8) -> bool {
    !(0x20..0x7F).contains(&byte) || matches!(byte, b',' | b'%' | b'(' | b')')
}

/// Appends `bytes` escaped.
pub(crate) fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        if must_escape(byte) {
            out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        } else {
            out.push(byte);
        }
    }
}

/// Undoes [`escape`] into `out`, which is at least as long as `text`. Gives the bytes written, or the offset of a `%`
/// without two upper-case hexadecimal digits.
pub(crate) fn unescape(text: &[u8], out: &mut [u8]) -> Result<usize, usize> {
    let (mut from, mut to) = (0, 0);
    while let Some(&byte) = text.get(from) {
        let (value, step) = match byte {
            b'%' => match (text.get(from + 1).and_then(hex), text.get(from + 2).and_then(hex)) {
                (Some(high), Some(low)) => (high << 4 | low, 3),
                _ => return Err(from),
            },
            plain => (plain, 1),
        };
        out[to] = value;
        to += 1;
        from += step;
    }
    Ok(to)
}

fn hex(digit: &u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Appends a decimal number.
pub(crate) fn decimal(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaping_of_every_byte() {
        let all: Vec<u8> = (0..=255).collect();
        let mut text = Vec::new();
        escape(&all, &mut text);
        assert!(text.starts_with(b"%00%01") && text.ends_with(b"%FE%FF"));
        assert!(text.windows(9).any(|w| w == b" !\"#$%25&"[..].split_at(9).0 || w == b"%28%29*+%"));
        let mut back = vec![0; text.len()];
        let n = unescape(&text, &mut back).unwrap();
        assert_eq!(back[..n], all);
    }

    #[test]
    fn bad_escapes_say_where() {
        let mut out = [0; 8];
        assert_eq!(unescape(b"ab%4", &mut out), Err(2));
        assert_eq!(unescape(b"%4a", &mut out), Err(0));
        assert_eq!(unescape(b"%", &mut out), Err(0));
    }

    #[test]
    fn decimals() {
        for n in [0, 9, 10, 12345, u64::MAX] {
            let mut out = Vec::new();
            decimal(n, &mut out);
            assert_eq!(out, n.to_string().as_bytes());
        }
    }
}
