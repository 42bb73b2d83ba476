//! One changelog, line by line.

use super::report::Report;
use ondisk::Line;

/// So many bad lines are named; the rest is counted.
const NAMED: usize = 20;
/// Recovery takes a larger step for the end of the file (`spec/metadata-format.md` 13).
const MAX_STEP: u64 = 10_000;

pub(super) fn check_log(name: &str, bytes: &[u8]) -> Report {
    let mut report = Report::new(name, "changelog");
    report.size = Some(bytes.len() as u64);
    let mut scratch = Vec::new();
    let (mut first, mut last, mut bad, mut at) = (None, None, 0usize, 0usize);
    for (number, line) in (1u64..).zip(bytes.split_inclusive(|b| *b == b'\n')) {
        let offset = at;
        at += line.len();
        let Some(text) = line.strip_suffix(b"\n") else {
            report.note(format_args!(
                "{} bytes of an unfinished last line at offset {offset}: a recovery leaves them out",
                line.len()
            ));
            break;
        };
        match Line::parse(text, &mut scratch) {
            Ok(line) => {
                if let Some(last) = last.filter(|last| line.version != last + 1) {
                    tell_jump(&mut report, number, last, line.version);
                }
                first.get_or_insert(line.version);
                last = Some(line.version);
            }
            Err(error) => {
                bad += 1;
                if bad <= NAMED {
                    report.problem(format_args!("line {number} at offset {offset}: {error}"));
                }
                // What follows must fit behind it.
                last = last.map(|last| last + 1);
            }
        }
    }
    if bad > NAMED {
        report.problem(format_args!("{} more lines cannot be read", bad - NAMED));
    }
    report.changes = first.zip(last);
    report
}

fn tell_jump(report: &mut Report, number: u64, last: u64, next: u64) {
    if next > last && next - last < MAX_STEP {
        report.problem(format_args!(
            "line {number}: changes {} to {} are missing (another file may have them)",
            last + 1,
            next - 1
        ));
    } else {
        report.problem(format_args!(
            "line {number}: change {next} behind {last}: a recovery reads no further here"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_torn_lines_and_unknown_operations() {
        let text = b"5: 1|IDLE()\n6: 1|FROB(1)\n7: 1|IDLE()\n9: 1|IDLE()\n3: 1|IDLE()\n4: 1|ID";
        let report = check_log("c", text);
        let shown = report.to_string();
        assert!(shown.contains("line 2 at offset 12") && shown.contains("FROB"), "{shown}");
        assert!(shown.contains("line 4: changes 8 to 8 are missing"), "{shown}");
        assert!(shown.contains("line 5: change 3 behind 9"), "{shown}");
        assert!(shown.contains("note: 7 bytes of an unfinished last line at offset 61"), "{shown}");
        assert_eq!((report.findings.len(), report.changes), (4, Some((5, 3))));
        assert!(check_log("c", b"").is_good());
    }
}
