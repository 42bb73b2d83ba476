//! A whole line.

use super::arg::Args;
use super::scan::Scan;
use super::text::decimal;
use super::{LineError, LineProblem, Op, Outcome, legacy};
use types::Time;

/// The longest line that 3.0.117 reads, with its newline; it cuts longer ones. Only a `SNAPSHOT` by a user with more
/// than about 18,000 groups comes near.
pub const MAX_LINE: usize = 200_000;

/// One change as the changelog has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line<'a> {
    /// The metadata version before the change.
    pub version: u64,
    /// When it happened.
    pub ts: Time,
    /// What was done.
    pub op: Op<'a>,
    /// What it yielded.
    pub outcome: Outcome,
}

impl<'a> Line<'a> {
    /// Reads a line with or without its newline. `scratch` is room for unescaped names; it only grows, so one buffer
    /// does for a whole replay.
    pub fn parse(text: &'a [u8], scratch: &'a mut Vec<u8>) -> Result<Self, LineError> {
        let mut scan = start(text, scratch);
        let version = scan.number("a metadata version")?;
        scan.expect(b':', "':' behind the version")?;
        scan.expect(b' ', "' ' behind the version")?;
        entry(version, scan)
    }

    /// Reads a line without its version, as metaloggers receive it. A NUL at the end is left to the caller.
    pub fn parse_entry(version: u64, text: &'a [u8], scratch: &'a mut Vec<u8>) -> Result<Self, LineError> {
        entry(version, start(text, scratch))
    }

    /// Appends the line with its newline.
    pub fn write(&self, out: &mut Vec<u8>) {
        decimal(self.version, out);
        out.extend_from_slice(b": ");
        self.write_entry(out);
        out.push(b'\n');
    }

    /// Appends the line without version and newline, as metaloggers receive it (they get a NUL behind it).
    pub fn write_entry(&self, out: &mut Vec<u8>) {
        decimal(self.ts.low().into(), out);
        out.push(b'|');
        out.extend_from_slice(self.op.name().as_bytes());
        out.push(b'(');
        let mut args = Args::new(out);
        self.op.write_args(&mut args);
        let fine = args.fine_times();
        out.push(b')');
        let mut separator = b':';
        for &value in self.outcome.as_slice() {
            out.push(separator);
            decimal(value, out);
            separator = b',';
        }
        fine.write(self.ts, out);
    }
}

fn start<'a>(text: &'a [u8], scratch: &'a mut Vec<u8>) -> Scan<'a> {
    let room = Scan::scratch_for(text);
    if scratch.len() < room {
        scratch.resize(room, 0);
    }
    Scan::new(text, scratch)
}

fn entry(version: u64, mut scan: Scan<'_>) -> Result<Line<'_>, LineError> {
    scan.look_for_fine_times()?;
    let ts = scan.time("a time in Unix seconds")?;
    scan.expect(b'|', "'|' behind the time")?;
    let op = operation(&mut scan)?;
    let outcome = outcome(&op, &mut scan)?;
    scan.skip_fine_times()?;
    scan.finish()?;
    Ok(Line { version, ts, op, outcome })
}

fn operation<'a>(scan: &mut Scan<'a>) -> Result<Op<'a>, LineError> {
    let here = scan.expected("");
    let name = std::str::from_utf8(scan.word()).expect("word() gives ASCII");
    scan.expect(b'(', "an operation's name and '('")?;
    let op = match Op::parse_args(name, scan)? {
        Some(op) => op,
        None => legacy::parse(name, scan)?
            .ok_or_else(|| LineError { problem: LineProblem::UnknownOp(name.to_owned()), ..here })?,
    };
    scan.expect(b')', "')' behind the arguments")?;
    Ok(op)
}

fn outcome(op: &Op<'_>, scan: &mut Scan<'_>) -> Result<Outcome, LineError> {
    let mut outcome = Outcome::none();
    let (wanted, required) = (op.results().len(), op.results_required());
    let mut separator = b':';
    while outcome.as_slice().len() < wanted && scan.eat(separator) {
        outcome.push(scan.number("a result")?);
        separator = b',';
    }
    if outcome.as_slice().len() < required {
        return Err(scan.expected(op.results()[outcome.as_slice().len()]));
    }
    Ok(outcome)
}
