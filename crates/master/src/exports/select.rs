//! Which line is a client's.

use super::Export;
use std::net::Ipv4Addr;
use types::Status;

/// The random bytes a client was given to prove that it knows a password.
pub type Challenge = [u8; 32];

/// What a client wants to mount.
#[derive(Clone, Copy, Debug)]
pub struct Mount<'a> {
    /// Its address.
    pub ip: Ipv4Addr,
    /// Its version as on the wire.
    pub version: u32,
    /// The trash in place of files.
    pub meta: bool,
    /// The directory as sent.
    pub path: &'a [u8],
    /// Its proof, with the challenge that it answers.
    pub proof: Option<(Challenge, [u8; 16])>,
}

/// Finds lines.
pub struct Selection<'a>(pub &'a [Export]);

impl<'a> Selection<'a> {
    /// The line that serves a mount: EACCES, NOPASSWORD or BADPASSWORD when none does
    /// (`spec/wire-client-master.md` 2.9).
    pub fn select(&self, mount: &Mount<'_>) -> Result<&'a Export, Status> {
        let path = clean(mount.path);
        let mut best: Option<&Export> = None;
        let mut refusal = Status::EACCES;
        for export in self.0 {
            let o = &export.options;
            let fits = export.range.contains(mount.ip)
                && mount.version >= o.min_version
                && export.meta == mount.meta
                && (export.meta || covers(export, &path));
            if !fits {
                continue;
            }
            if let Some(password) = &o.password {
                match &mount.proof {
                    None => {
                        refusal = Status::NOPASSWORD;
                        continue;
                    }
                    Some((challenge, answer)) if *answer != expected(challenge, password) => {
                        refusal = Status::BADPASSWORD;
                        continue;
                    }
                    Some(_) => {}
                }
            }
            if best.is_none_or(|best| beats(export, best)) {
                best = Some(export);
            }
        }
        best.ok_or(refusal)
    }
}

/// MD5( challenge[0..16] | MD5(password) | challenge[16..32] ).
fn expected(challenge: &Challenge, password: &[u8; 16]) -> [u8; 16] {
    md5::compute([&challenge[..16], password, &challenge[16..]].concat()).0
}

/// Without slashes at either end, and single ones between.
fn clean(path: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = path.split(|b| *b == b'/').filter(|p| !p.is_empty()).collect();
    parts.join(&b'/')
}

fn covers(export: &Export, path: &[u8]) -> bool {
    if export.path == path {
        return true;
    }
    let below = export.path.is_empty()
        || path.strip_prefix(export.path.as_slice()).is_some_and(|rest| rest.starts_with(b"/"));
    export.options.alldirs && below
}

/// The first rule that applies decides, so the outcome depends on the order of lines, as in stock.
fn beats(new: &Export, best: &Export) -> bool {
    let (n, b) = (&new.options, &best.options);
    (n.writable && !b.writable)
        || (n.root.0 == 0 && b.root.0 != 0)
        || (n.admin && !b.admin)
        || (n.password.is_some() && b.password.is_none())
        || new.path.len() > best.path.len()
}
