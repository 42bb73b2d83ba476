//! Answers as text with every field, also those parts whose shape only the request knows.

use proto::client_master::{self as p, CltoMa, MatoCl};
use proto::info::{LockInfo, NodePaths};
use proto::{Direction, PacketError};
use std::fmt::Debug;
use types::{Name, Reply, RestBytes, Wire};

/// An answer in full. The fields of packets that hide theirs are named here.
pub fn show(request: &CltoMa<'_>, id: u32, body: &[u8]) -> Result<String, PacketError> {
    let reply = MatoCl::decode(id, body)?;
    Ok(match &reply {
        MatoCl::FuseReaddirReply(r) => readdir(request, &r.reply),
        MatoCl::FuseReadlinkReply(r) => text(&r.reply, |v| format!("{:?}", Text(v.as_bytes()))),
        MatoCl::FuseGettrashpathReply(r) => text(&r.reply, |v| format!("{:?}", Text(v.as_bytes()))),
        MatoCl::FusePathsReply(r) => {
            text(&r.reply, |paths| format!("{:#?}", paths.iter().map(Text::of).collect::<Vec<_>>()))
        }
        MatoCl::FuseGetxattrReply(r) => text(&r.reply, |v| format!("{:#?}", (v.length(), Text(v.data())))),
        MatoCl::SclassListReply(r) => text(&r.reply, |bytes| match request {
            CltoMa::SclassList(q) if q.long & 1 != 0 => list::<(Name<'_>, p::SclassDef<'_>)>(*bytes),
            _ => list::<Name<'_>>(*bytes),
        }),
        MatoCl::ListOpenFilesReply(r) => match request {
            CltoMa::ListOpenFiles(q) if q.session.0 == 0 => list::<(types::SessionId, types::Inode)>(r.files),
            _ => list::<types::Inode>(r.files),
        },
        MatoCl::ListAcquiredLocksReply(r) => match request {
            CltoMa::ListAcquiredLocks(q) if q.inode.0 == 0 => list::<(types::Inode, LockInfo)>(r.locks),
            _ => list::<LockInfo>(r.locks),
        },
        MatoCl::MassResolvePathsReply(r) => {
            let paths = |node: NodePaths<'_>| {
                (
                    node.inode,
                    node.paths.0.iter().map(|path| Text(path.as_bytes()).owned()).collect::<Vec<_>>(),
                )
            };
            format!("{:#?}", r.nodes.iter().map(paths).collect::<Vec<_>>())
        }
        MatoCl::FuseRegisterReply(p::FuseRegisterReply { reply: p::RegisterReply::Challenge(_) }) => {
            "Challenge {\n    challenge: random,\n}".into()
        }
        other => format!("{other:#?}"),
    })
}

/// Bytes as text.
struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    fn of(bytes: types::Bytes32<'a>) -> Text<'a> {
        Text(bytes.as_bytes())
    }
    fn owned(&self) -> String {
        self.0.escape_ascii().to_string()
    }
}

impl Debug for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

fn text<T>(reply: &Reply<T>, body: impl Fn(&T) -> String) -> String {
    match reply {
        Reply::Status(status) => format!("{status:#?}"),
        Reply::Body(found) => body(found),
    }
}

fn list<'a, T: Wire<'a> + Clone + Debug + 'a>(bytes: RestBytes<'a>) -> String {
    match bytes.list::<T>() {
        Ok(items) => format!("{items:#?}"),
        Err(error) => format!("{error:?} in {:?}", Text(bytes.0)),
    }
}

fn readdir(request: &CltoMa<'_>, reply: &Reply<(u64, RestBytes<'_>)>) -> String {
    text(reply, |(next, bytes)| {
        let entries = match request {
            CltoMa::FuseReaddir(q) if q.flags & 1 != 0 => list::<p::DirEntryAttr<'_>>(*bytes),
            _ => list::<p::DirEntry<'_>>(*bytes),
        };
        format!("Listing {{\n    next: {next},\n    entries: {entries},\n}}")
    })
}
