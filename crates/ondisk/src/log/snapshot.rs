//! The groups in a `SNAPSHOT` line.

use super::arg::{Arg, Args};
use super::text::decimal;
use super::{LineError, scan::Scan};
use types::Gids;

/// The caller's groups, the primary one first: `[gid,gid…]`; in older lines `count,<escaped binary>` or a single
/// number. The binary is as the master had it in memory, and we take that to have been a little-endian one. 3.0.117 drops the first digit of every number when it replays the bracketed form; we do not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SnapshotGids<'a>(pub Gids<'a>);

/// More groups than a request may name.
const MAX_BLOB: usize = 65536 * 4;

/// Seen in stock's replay on amd64: `d%00%00%00` is group 100.
fn big_endian(gids: &mut [u8]) -> &[u8] {
    for gid in gids.chunks_exact_mut(4) {
        gid.reverse();
    }
    gids
}

impl<'a> Arg<'a> for SnapshotGids<'a> {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        scan.separator()?;
        let bytes = if scan.eat(b'[') {
            let bytes = scan.numbers(b']', "a group")?;
            scan.expect(b']', "']'")?;
            bytes
        } else {
            let number: u32 = scan.number("'[' or a group")?;
            // The umask is last: one more comma than that and the number was a count.
            let commas = scan.ahead().iter().take_while(|b| **b != b')').filter(|b| **b == b',').count();
            if commas < 2 {
                scan.keep(number)
            } else {
                scan.separator()?;
                let blob = scan.bytes(MAX_BLOB, "groups")?;
                if blob.len() as u64 != u64::from(number) * 4 {
                    return Err(scan.expected("4 bytes per group before this"));
                }
                big_endian(scan.owned(blob))
            }
        };
        Gids::from_be_bytes(bytes)
            .map(SnapshotGids)
            .ok_or_else(|| scan.expected("1 to 65536 groups before this"))
    }

    fn write(&self, out: &mut Args<'_>) {
        let out = out.begin();
        let mut separator = b'[';
        for gid in self.0.iter() {
            out.push(separator);
            decimal(gid.into(), out);
            separator = b',';
        }
        out.push(b']');
    }

    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        let bytes = entropy.bytes(64);
        let bytes = if bytes.len() < 4 { &[0, 0, 1, 0] } else { &bytes[..bytes.len() / 4 * 4] };
        SnapshotGids(Gids::from_be_bytes(bytes).unwrap())
    }
}
