//! Commands to the master (`spec/admin-and-monitoring.md` 9.5).

use crate::source::Source;
use admin::AskError;
use proto::info::{CsservCommand, CsservCommandReply, SessionCommand, SessionCommandReply};
use std::net::SocketAddrV4;
use types::{SessionId, Status};

/// Gives a command; what became of it, in stock's words. An empty text for a command there is none of.
pub(crate) fn perform(source: &mut Source, command: &str) -> Result<String, AskError> {
    let parts: Vec<&str> = command.split('/').collect();
    match parts.as_slice() {
        [code @ ("RC" | "BW" | "M0" | "M1"), ip, port] => {
            let Ok(addr) = format!("{ip}:{port}").parse() else { return Ok(String::new()) };
            server(source, code, addr)
        }
        ["RS", session] => {
            let Ok(session) = session.parse() else { return Ok(String::new()) };
            remove_session(source, SessionId(session))
        }
        _ => Ok(String::new()),
    }
}

fn server(source: &mut Source, code: &str, addr: SocketAddrV4) -> Result<String, AskError> {
    let name = format!("{}/{}", addr.ip(), addr.port());
    let (command, done, failed) = match code {
        "RC" => (0, "has been removed", format!("Can't remove chunkserver {name}")),
        "BW" => (1, "has back to work", format!("Can't turn chunkserver {name} back to work")),
        "M1" => (
            2,
            "has been switched to maintenance mode",
            format!("Can't switch chunkserver {name} to maintenance mode"),
        ),
        _ => (
            3,
            "has been switched to standard mode",
            format!("Can't switch chunkserver {name} to standard mode"),
        ),
    };
    let reply: CsservCommandReply = source.ask(&CsservCommand { command, addr })?;
    Ok(match reply.status {
        Status::OK => format!("Chunkserver {name} {done}"),
        Status::NOTFOUND => format!("Chunkserver {name} hasn't been found"),
        Status::ACTIVE => format!("Chunkserver {name} can't be removed because is still active"),
        other => format!("{failed} (status:{})", other.0),
    })
}

fn remove_session(source: &mut Source, session: SessionId) -> Result<String, AskError> {
    let reply: SessionCommandReply = source.ask(&SessionCommand { command: 0, session })?;
    Ok(match reply.status {
        Status::OK => format!("Session {session} has been removed"),
        Status::NOTFOUND => format!("Session {session} hasn't been found"),
        Status::ACTIVE => format!("Session {session} can't be removed because is still active"),
        other => format!("Can't remove session {session} (status:{})", other.0),
    })
}
