//! Sizes as people write them in `mfshdd.cfg` and for HDD_LEAVE_SPACE_DEFAULT (`spec/wire-chunkserver.md` 4.8).

/// Parses digits with an optional fraction, an optional suffix (`k M G T P E` of 1000, `Ki Mi Gi Ti Pi Ei` of 1024)
/// and an optional final `B`. `None` if the text is anything else, or more than a u64 holds.
pub fn parse_size(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let suffix = suffix.strip_suffix('B').unwrap_or(suffix);
    let unit = match suffix {
        "" => 1,
        "k" => 1000,
        "M" => 1000u128.pow(2),
        "G" => 1000u128.pow(3),
        "T" => 1000u128.pow(4),
        "P" => 1000u128.pow(5),
        "E" => 1000u128.pow(6),
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        "Pi" => 1 << 50,
        "Ei" => 1 << 60,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || whole.len() > 20 || fraction.len() > 15 {
        return None;
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let part = part.checked_mul(unit)? / 10u128.pow(fraction.len() as u32);
    u64::try_from(whole.checked_mul(unit)?.checked_add(part)?).ok()
}

#[cfg(test)]
mod tests {
    use super::parse_size;

    #[test]
    fn every_form() {
        for (text, want) in [
            ("0", Some(0)),
            ("123", Some(123)),
            ("12B", Some(12)),
            ("1k", Some(1000)),
            ("1.5Ki", Some(1536)),
            (".5GiB", Some(512 << 20)),
            ("2.T", Some(2_000_000_000_000)),
            ("256MiB", Some(256 << 20)),
            ("1E", Some(1_000_000_000_000_000_000)),
            ("16Ei", None),
            ("15EiB", Some(15 << 60)),
            ("", None),
            (".", None),
            ("K", None),
            ("1K", None),
            ("1m", None),
            ("1.2.3", None),
            ("-1", None),
            ("1 k", None),
            ("999999999999999999999", None),
        ] {
            assert_eq!(parse_size(text), want, "{text:?}");
        }
    }
}
