//! Setting how many copies files have: what `mfssetgoal -r G MOUNT` does.

use super::ask::Master;
use anyhow::{Context, bail, ensure};
use proto::Packet;
use proto::client_master::{
    FuseRegister, FuseRegisterReply, FuseSetsclass, FuseSetsclassReply, Register, RegisterReply,
    SclassTarget, SessionTail,
};
use types::{Bytes32, MsgId, OUR_VERSION, ROOT, Reply, Status, Wire};

/// Set, on everything below.
const SET_RECURSIVE: u8 = 4;

/// Gives the root, and everything below it, the goal.
pub(crate) fn set(port: u16, goal: u8) -> anyhow::Result<()> {
    let mut master = Master::connect(port)?;
    let mut body = Vec::new();
    let request = Register::NewSession {
        version: OUR_VERSION,
        info: Bytes32::new(b"elkfs local\0"),
        path: Bytes32::new(b"/\0"),
        tail: SessionTail::default(),
    };
    master.ask(&FuseRegister { request }, FuseRegisterReply::ID, &mut body)?;
    let session = match FuseRegisterReply::decode_whole(&body).context("registration")?.reply {
        RegisterReply::NewSession(session, _) => session,
        RegisterReply::Status(status) => bail!("the master refuses a session: {status}"),
        _ => bail!("the master answers a registration with something else"),
    };
    let msgid = MsgId(1);
    let class = SclassTarget::Goal { goal, smode: SET_RECURSIVE };
    let question = FuseSetsclass { msgid, inode: ROOT, uid: 0, class };
    master.ask(&question, FuseSetsclassReply::ID, &mut body)?;
    let answer = FuseSetsclassReply::decode_whole(&body).context("answer")?;
    ensure!(answer.msgid == msgid, "the master answered another question");
    if let Reply::Status(status) = answer.reply {
        ensure!(status == Status::OK, "the master does not set goal {goal}: {status}");
    }
    let request = Register::Close { session: session.session, metaid: Some(session.metaid) };
    master.ask(&FuseRegister { request }, FuseRegisterReply::ID, &mut body).context("end of the session")
}
