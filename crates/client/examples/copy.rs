//! Copies a file into an ElkFS or MooseFS cluster and out again, without a mount:
//!
//! ```text
//! cargo run -p client --example copy -- MASTER[:PORT] in  LOCAL  /remote/name
//! cargo run -p client --example copy -- MASTER[:PORT] out /remote/name  LOCAL
//! ```

use client::{Caller, Client, Error, OpenMode, Options, Result};
use std::error::Error as StdError;
use std::fs::File;
use std::io::{Read, Write};
use std::time::Duration;
use types::{Inode, ROOT};

const PIECE: usize = 1 << 20;

/// The directory a path is in, and its last name.
fn parent<'p>(client: &Client, caller: &Caller, path: &'p str) -> Result<(Inode, &'p str)> {
    let path = path.trim_matches('/');
    let (dirs, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut inode = ROOT;
    for dir in dirs.split('/').filter(|dir| !dir.is_empty()) {
        inode = client.lookup(caller, inode, dir.as_bytes())?.map_err(|_| Error::NOENT)?.inode;
    }
    Ok((inode, name))
}

fn copy_in(
    client: &Client,
    caller: &Caller,
    local: &str,
    remote: &str,
) -> std::result::Result<(), Box<dyn StdError>> {
    let mut file = File::open(local)?;
    let (dir, name) = parent(client, caller, remote)?;
    let mode = OpenMode { write: true, truncate: true, ..OpenMode::default() };
    let opened = match client.lookup(caller, dir, name.as_bytes())? {
        Ok(found) => client.open(caller, found.inode, mode)?,
        Err(_) => client.create(caller, dir, name.as_bytes(), (0o644, 0o022), mode)?.1,
    };
    let (mut piece, mut offset) = (vec![0; PIECE], 0);
    loop {
        let n = file.read(&mut piece)?;
        if n == 0 {
            break;
        }
        opened.handle.write(offset, &piece[..n])?;
        offset += n as u64;
    }
    // Here, and only here, it shows whether everything arrived.
    opened.handle.flush()?;
    Ok(())
}

fn copy_out(
    client: &Client,
    caller: &Caller,
    remote: &str,
    local: &str,
) -> std::result::Result<(), Box<dyn StdError>> {
    let (dir, name) = parent(client, caller, remote)?;
    let found = client.lookup(caller, dir, name.as_bytes())?.map_err(|_| Error::NOENT)?;
    let opened = client.open(caller, found.inode, OpenMode { read: true, ..OpenMode::default() })?;
    let mut file = File::create(local)?;
    let (mut piece, mut offset) = (vec![0; PIECE], 0);
    loop {
        let n = opened.handle.read(offset, &mut piece)?;
        if n == 0 {
            return Ok(());
        }
        file.write_all(&piece[..n])?;
        offset += n as u64;
    }
}

fn main() -> std::result::Result<(), Box<dyn StdError>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [master, way, from, to] = &args[..] else {
        return Err("usage: copy MASTER[:PORT] in|out FROM TO".into());
    };
    let mut options = Options { info: "example copy".into(), ..Options::default() };
    let (host, port) = master.split_once(':').unwrap_or((master, "9421"));
    (options.master_host, options.master_port) = (host.into(), port.parse()?);
    let client = Client::connect(options)?;
    let caller = Caller::new(rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw(), &[]);
    let result = match way.as_str() {
        "in" => copy_in(&client, &caller, from, to),
        "out" => copy_out(&client, &caller, from, to),
        _ => Err("neither in nor out".into()),
    };
    client.close(Duration::from_secs(10));
    result
}
