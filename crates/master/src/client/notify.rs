//! Telling other mounts that a file they have open has changed (`spec/wire-client-master.md` 1.6).

use crate::core::Master;
use net::reactor::{ConnId, Net};
use proto::client_master::{FuseChunkHasChanged, FuseInvalidateChunkCache, FuseLengthHasChanged};
use types::{Inode, MsgId};

/// Unsolicited packets carry this.
const NOBODY_ASKED: MsgId = MsgId(0);

impl Master {
    /// To every other mount that has the file open: this chunk, or the length, is not what it was.
    pub(crate) fn tell_chunk_changed(&mut self, net: &mut Net, except: ConnId, change: FuseChunkHasChanged) {
        let packet = FuseChunkHasChanged { msgid: NOBODY_ASKED, ..change };
        let mark = self.journal.last();
        for conn in self.others_with_open(packet.inode, except) {
            net.send_held(conn, mark, &packet);
        }
    }

    /// The same for the length alone.
    pub(crate) fn tell_length_changed(
        &mut self,
        net: &mut Net,
        except: ConnId,
        inode: Inode,
        file_length: u64,
    ) {
        let packet = FuseLengthHasChanged { msgid: NOBODY_ASKED, inode, file_length };
        let mark = self.journal.last();
        for conn in self.others_with_open(inode, except) {
            net.send_held(conn, mark, &packet);
        }
    }

    /// The same to all who have the file open, also to whom the tool that changed it went through.
    pub(crate) fn tell_all_length_changed(&mut self, net: &mut Net, inode: Inode, file_length: u64) {
        let packet = FuseLengthHasChanged { msgid: NOBODY_ASKED, inode, file_length };
        let mark = self.journal.last();
        for session in self.fs.opened_by(inode) {
            for conn in self.clients.of_session(session) {
                net.send_held(*conn, mark, &packet);
            }
        }
    }

    /// To all mounts: a chunkserver came or went. Held like an answer: it must not overtake the one that lets a mount in.
    pub(crate) fn tell_locations_changed(&mut self, net: &mut Net) {
        let mark = self.journal.last();
        let conns: Vec<ConnId> = self.clients.mounts().map(|(conn, _)| conn).collect();
        for conn in conns {
            net.send_held(conn, mark, &FuseInvalidateChunkCache { msgid: NOBODY_ASKED });
        }
    }

    fn others_with_open(&self, inode: Inode, except: ConnId) -> Vec<ConnId> {
        let sessions = self.fs.opened_by(inode);
        let conns = sessions.flat_map(|session| self.clients.of_session(session).iter().copied());
        conns.filter(|conn| *conn != except).collect()
    }
}
