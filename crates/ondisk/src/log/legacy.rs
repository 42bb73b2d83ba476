//! Operations under their old names and with their old arguments, read as today's.

use super::arg::Arg;
use super::shapes::CsdbAction;
use super::{LineError, Op, scan::Scan};

/// The operation as today's; `None` when the name is no old one either. Stands behind `(`.
pub(crate) fn parse<'a>(name: &str, scan: &mut Scan<'a>) -> Result<Option<Op<'a>>, LineError> {
    Ok(Some(match name {
        "SETGOAL" => set_goal(scan)?,
        "CSADD" => csdb(CsdbAction::Add, scan)?,
        "CSDEL" => csdb(CsdbAction::Delete, scan)?,
        _ => return Ok(None),
    }))
}

/// `SETGOAL(inode,uid,goal,smode)`: goals were what classes 1 to 9 are.
fn set_goal<'a>(scan: &mut Scan<'a>) -> Result<Op<'a>, LineError> {
    let (inode, uid) = Arg::parse(scan)?;
    let (goal, smode) = Arg::parse(scan)?;
    Ok(Op::SetSclass { inode, uid, src: goal, dst: goal, smode })
}

/// `CSADD(ip,port)`, `CSDEL(ip,port)`.
fn csdb<'a>(action: CsdbAction, scan: &mut Scan<'a>) -> Result<Op<'a>, LineError> {
    let (ip, port) = Arg::parse(scan)?;
    Ok(Op::Csdb { action, ip, port, arg: 0 })
}
