//! What the driver looks up before it sends commands that would do lasting harm to a stock master, or whose effect comes
//! at a time of its own.

use crate::pair::Pair;
use crate::side::Key;
use anyhow::{Context, Result};
use proto::client_master::{CltoMa, FuseGetattr, FuseLookup, FuseRename, FuseSustainedInodes, MatoCl};
use proto::{Direction, HEADER_SIZE, encode_frame};
use types::{Cred, Gids, Inode, MsgId, Name, Reply};

impl Pair {
    /// Sends one frame of a client after a look at it; false when it must not be sent.
    pub fn looked_at(&mut self, client: usize, frame: &[u8]) -> Result<bool> {
        let id = u32::from_be_bytes(*frame.first_chunk().context("a frame has a head")?);
        match CltoMa::decode(id, &frame[HEADER_SIZE..])? {
            CltoMa::FuseRename(q) => self.rename_is_safe(client, &q),
            CltoMa::FuseSustainedInodes(q) => {
                self.open_files_change(client, &q)?;
                Ok(true)
            }
            _ => Ok(true),
        }
    }

    /// A stock master overflows its stack when a directory is moved into itself, and damages its lists when a node is
    /// renamed onto itself (spec 3.3.7).
    fn rename_is_safe(&mut self, client: usize, q: &FuseRename<'_>) -> Result<bool> {
        let real = |pair: &Pair, inode: Inode| match inode.0 {
            1 => Inode(pair.world.roots.get(&client).copied().unwrap_or(1)),
            _ => inode,
        };
        let (src, dst) = (real(self, q.src), real(self, q.dst));
        let moved = self.look_up(src, q.src_name)?;
        let target = self.look_up(dst, q.dst_name)?;
        Ok(moved.is_none_or(|moved| moved != dst.0 && Some(moved) != target))
    }

    fn look_up(&mut self, parent: Inode, name: Name<'_>) -> Result<Option<u32>> {
        let msgid = self.own();
        let gids = Gids::from_be_bytes(&[0; 4]).context("one group")?;
        let mut out = Vec::new();
        encode_frame(
            &FuseLookup { msgid: MsgId(msgid), parent, name, cred: Cred { uid: 0, gids } },
            &mut out,
        );
        let [stock, _] = self.ask(0, &out, Key::Message(msgid))?;
        Ok(match MatoCl::decode(stock.id, &stock.body)? {
            MatoCl::FuseLookupReply(r) => match r.reply {
                Reply::Body(found) => Some(found.inode.0),
                Reply::Status(_) => None,
            },
            _ => None,
        })
    }

    fn open_files_change(&mut self, client: usize, q: &FuseSustainedInodes<'_>) -> Result<()> {
        let listed: std::collections::BTreeSet<u32> =
            q.inodes.iter().map(|i| i.0).filter(|i| *i != 0).collect();
        let open = self.world.open.insert(client, listed.clone()).unwrap_or_default();
        let closed: Vec<u32> = open.difference(&listed).copied().collect();
        self.closed_files(client, &closed)
    }

    /// Deleted files among those a client has closed are not asked for any more, unless another has them open.
    pub fn closed_files(&mut self, client: usize, inodes: &[u32]) -> Result<()> {
        for &inode in inodes {
            if self.world.open_elsewhere(client, inode) {
                continue;
            }
            let msgid = self.own();
            let mut out = Vec::new();
            let q = FuseGetattr { msgid: MsgId(msgid), inode: Inode(inode), opened: 1, uid: 0, gid: 0 };
            encode_frame(&q, &mut out);
            let [stock, _] = self.ask(0, &out, Key::Message(msgid))?;
            if let MatoCl::FuseGetattrReply(r) = MatoCl::decode(stock.id, &stock.body)?
                && let Reply::Body(attr) = r.reply
                && attr.nlink == 0
            {
                self.world.limbo.insert(inode);
            }
        }
        Ok(())
    }
}
