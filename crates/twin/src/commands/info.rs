//! What monitors ask for, and what any node may ask any other.

use super::{Gen, wire_name};
use proto::any::BadCommand;
use proto::client_master as c;
use proto::info as p;
use std::net::{Ipv4Addr, SocketAddrV4};
use types::{Inode, MsgId, OUR_VERSION, Rest, RestBytes, SessionId, Tag};

/// Makes a generator for a packet without a choice.
macro_rules! plain {
    ($($name:ident => $packet:expr;)*) => { $(
        pub(super) fn $name(g: &mut Gen<'_>) {
            g.put(&$packet);
        }
    )* };
}

plain! {
    servers => p::CservList {};
    monotonic => p::MonotonicData {};
    sessions => p::SessionList { form: Tag };
    info => p::Info {};
    fs_test => p::FsTestInfo { form: 0 };
    chunks_test => p::ChunksTestInfo {};
    quotas => p::QuotaInfo {};
    exports => p::ExportsInfo { form: Tag };
    metaloggers => p::MlogList {};
    memory => p::MemoryInfo {};
    classes => p::SclassInfoRequest {};
    missing => p::MissingChunks { form: Tag };
    nop => c::Nop { body: RestBytes(&[0; 4]) };
}

pub(super) fn chart(g: &mut Gen<'_>) {
    let size = g.pick(&[None, Some((100, 50))]);
    let chart = g.pick(&[0, 1, 0x1000]);
    g.put(&p::Chart { chart, size });
}

pub(super) fn chart_data(g: &mut Gen<'_>) {
    let (chart, max_entries) = (g.pick(&[0, 1, 0x1000]), g.pick(&[None, Some(5)]));
    g.put(&p::ChartData { chart, max_entries });
}

pub(super) fn matrix(g: &mut Gen<'_>) {
    let matrix = g.pick(&[None, Some(0), Some(1)]);
    g.put(&p::ChunksMatrix { matrix });
}

/// Of a server that is not there.
pub(super) fn server_command(g: &mut Gen<'_>) {
    let command = g.pick(&[0, 1, 2, 3, 4]);
    g.put(&p::CsservCommand { command, addr: SocketAddrV4::new(Ipv4Addr::new(10, 99, 0, 250), 9422) });
}

/// Of a session that is not there, or is in use.
pub(super) fn session_command(g: &mut Gen<'_>) {
    let (command, session) = (g.pick(&[0, 0, 1]), g.pick(&[0, 1, 2, 9999, u32::MAX]));
    g.put(&p::SessionCommand { command, session: SessionId(session) });
}

pub(super) fn module(g: &mut Gen<'_>) {
    let msgid = Some(g.msgid);
    g.put(&p::ModuleInfo { msgid });
}

pub(super) fn open_files(g: &mut Gen<'_>) {
    let session = SessionId(g.pick(&[0, 0, 1, 2, 3, 4, 5, 99]));
    g.put(&p::ListOpenFiles { session });
}

pub(super) fn acquired_locks(g: &mut Gen<'_>) {
    let open: Vec<u32> = g.world.open.values().flatten().copied().take(6).collect();
    let inode = if open.is_empty() || g.rng.bool() { 0 } else { g.pick(&open) };
    g.put(&p::ListAcquiredLocks { inode: Inode(inode) });
}

pub(super) fn mass_paths(g: &mut Gen<'_>) {
    let inodes: Vec<Inode> = (0..g.rng.u32(..6)).map(|_| g.node()).collect();
    g.put(&p::MassResolvePaths { inodes: Rest::Items(&inodes) });
}

pub(super) fn version(g: &mut Gen<'_>) {
    let msgid = Some(g.msgid);
    g.put(&c::GetVersion { msgid });
}

/// Options without a path in them, which is not the same for two masters on one machine.
pub(super) fn config(g: &mut Gen<'_>) {
    let option = g.pick(&["WORKING_USER", "NO_SUCH_OPTION", "ATIME_MODE", "", "MATOCL_LISTEN_HOST"]);
    g.put(&c::GetConfig { msgid: g.msgid, option: wire_name(option.as_bytes()) });
}

pub(super) fn time_sync(g: &mut Gen<'_>) {
    g.put(&c::FuseTimeSync { msgid: g.msgid });
}

fn complaint(g: &Gen<'_>) -> BadCommand {
    BadCommand { msgid: Some(MsgId(g.msgid.0)), command: 444, size: 3, version: OUR_VERSION }
}

pub(super) fn unknown_command(g: &mut Gen<'_>) {
    let command = complaint(g);
    g.put(&c::UnknownCommand { command });
}

pub(super) fn bad_size(g: &mut Gen<'_>) {
    let command = complaint(g);
    g.put(&c::BadCommandSize { command });
}
