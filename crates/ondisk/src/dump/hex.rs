//! Bytes as hexadecimal digits.

use std::io::{self, Write};

/// Two upper-case digits for each byte.
pub(super) fn upper(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02X}"))
}

/// What stands for a section that is not known: 32 bytes a line, the bytes beside them, control characters and all.
pub(super) fn table(bytes: &[u8], dots: bool, out: &mut impl Write) -> io::Result<()> {
    const WIDTH: usize = 32;
    for row in bytes.chunks(WIDTH) {
        row.iter().try_for_each(|byte| write!(out, "{byte:02X} "))?;
        write!(out, "{:1$} |", "", (WIDTH - row.len()) * 3)?;
        // Here stock takes DEL for a control character, in names it does not.
        let shown = row.iter().map(|&b| if dots && !(0x20..0x7F).contains(&b) { b'.' } else { b });
        out.write_all(&shown.collect::<Vec<u8>>())?;
        writeln!(out, "{:1$}|", "", WIDTH - row.len())?;
    }
    Ok(())
}
