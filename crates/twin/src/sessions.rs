//! Sessions: opened, lost, taken up again, closed, refused.

use crate::clients::{CLIENTS, Kind};
use crate::pair::{Pair, Sent};
use crate::side::{Key, STRANGER};
use anyhow::{Context, Result, bail, ensure};
use proto::client_master::{
    CltoMa, FuseRegister, FuseRegisterReply, MatoCl, Register, RegisterReply, SessionTail,
};
use proto::info::{SessionInfo, SessionList};
use proto::{Direction, HEADER_SIZE, encode_frame};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};
use types::{Bytes32, OUR_VERSION, SessionId, Status, Tag, Version};

/// A client number that is nobody's: of connections that are refused.
const NOBODY: usize = usize::MAX;
/// Sessions are looked through every ten seconds.
const REMOVAL: Duration = Duration::from_secs(25);

/// A request for a session that is to be refused.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Where it comes from.
    pub from: Ipv4Addr,
    /// What it wants to mount; none for the trash.
    pub path: Option<&'static str>,
    /// The password it proves to know.
    pub password: Option<&'static str>,
    /// Send a digest without having asked for a challenge.
    pub unasked: bool,
    /// Its version.
    pub version: Version,
}

/// Reasons to be refused: none of these may mount anything.
pub fn attempts() -> Vec<Attempt> {
    let plain = Attempt {
        from: Ipv4Addr::new(10, 99, 0, 20),
        path: Some("/\0"),
        password: None,
        unasked: false,
        version: OUR_VERSION,
    };
    let protected = Attempt { from: Ipv4Addr::new(10, 99, 0, 35), path: Some("/sub\0"), ..plain };
    vec![
        Attempt { from: STRANGER, ..plain },
        Attempt { from: STRANGER, path: None, ..plain },
        Attempt { from: Ipv4Addr::new(10, 99, 0, 21), path: None, ..plain },
        Attempt { path: Some("/sub\0"), ..plain },
        protected,
        Attempt { password: Some("wrong"), ..protected },
        Attempt { unasked: true, ..protected },
        Attempt { path: Some("/sub/dir\0"), password: Some("secret"), ..protected },
        Attempt { from: Ipv4Addr::new(10, 99, 0, 34), path: Some("/sub/none\0"), ..plain },
        Attempt { from: Ipv4Addr::new(10, 99, 0, 34), path: Some("/sub/..\0"), ..plain },
        Attempt { from: Ipv4Addr::new(10, 99, 0, 34), path: Some("/subdir\0"), ..plain },
        Attempt { from: Ipv4Addr::new(10, 99, 0, 34), path: Some("\0"), ..plain },
    ]
}

fn frame(request: Register<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encode_frame(&FuseRegister { request }, &mut out);
    out
}

impl Pair {
    /// Opens every client's session; directories that are mounted must be there.
    pub fn open_all(&mut self) -> Result<()> {
        (1..CLIENTS.len()).try_for_each(|client| self.open(client))
    }

    /// Opens a client's session.
    pub fn open(&mut self, client: usize) -> Result<()> {
        let it = &CLIENTS[client];
        for side in &mut self.sides {
            side.connect(client, it.address())?;
        }
        let info = format!("/mnt/client-{client}\0");
        let info = Bytes32::new(info.as_bytes());
        let path = format!("{}\0", it.path);
        let version = OUR_VERSION;
        match it.kind {
            Kind::Guest => return Ok(()),
            Kind::Tools => {
                let session = SessionId(*self.world.sessions.get(&0).context("client 0 has no session")?);
                let status = self.register(client, [Register::Tools { session, version }; 2])?;
                ensure!(status == Status::OK, "a tool was refused: {status}");
            }
            Kind::Mount | Kind::Meta => {
                let digests = match it.password {
                    Some(password) => self.digests(client, password)?.map(Some),
                    None => [None, None],
                };
                let requests = digests.map(|digest| {
                    let tail = SessionTail { rejoin: None, digest };
                    if it.kind == Kind::Meta {
                        return Register::NewMetaSession { version, info, tail };
                    }
                    Register::NewSession { version, info, path: Bytes32::new(path.as_bytes()), tail }
                });
                let status = self.register(client, requests)?;
                ensure!(status == Status::OK, "client {client} was refused: {status}");
            }
        }
        Ok(())
    }

    /// What proves a password to each master.
    fn digests(&mut self, client: usize, password: &str) -> Result<[[u8; 16]; 2]> {
        let replies = self.ask(client, &frame(Register::Challenge), Key::Packet(client, 401))?;
        let mut digests = [[0; 16]; 2];
        for (digest, reply) in digests.iter_mut().zip(&replies) {
            let MatoCl::FuseRegisterReply(FuseRegisterReply { reply: RegisterReply::Challenge(random) }) =
                MatoCl::decode(reply.id, &reply.body)?
            else {
                bail!("no challenge");
            };
            let inner = md5::compute(password).0;
            *digest = md5::compute([&random[..16], &inner, &random[16..]].concat()).0;
        }
        Ok(digests)
    }

    /// Sends a registration, to each master its own, and compares the answers. The status; OK for a session.
    fn register(&mut self, client: usize, requests: [Register<'_>; 2]) -> Result<Status> {
        let key = Key::Packet(client, 401);
        let frames = requests.map(frame);
        let sent = Sent {
            step: self.step,
            client: client.min(CLIENTS.len() - 1),
            id: 400,
            body: frames[0][HEADER_SIZE..].to_vec(),
        };
        for (side, frame) in self.sides.iter_mut().zip(&frames) {
            side.send(client, frame);
        }
        let deadline = Instant::now() + Duration::from_secs(5);
        while !self.sides.iter().all(|side| side.has(key)) && Instant::now() < deadline {
            self.sides.iter_mut().for_each(|side| side.pump(client, Duration::from_millis(2)));
        }
        let mut status = None;
        for side in 0..2 {
            let Some(frame) = self.sides[side].reply(key) else { continue };
            if let Ok(MatoCl::FuseRegisterReply(r)) = MatoCl::decode(frame.id, &frame.body) {
                let (metaid, found) = match r.reply {
                    RegisterReply::Status(status) | RegisterReply::Reconnect(_, status, _) => (None, status),
                    RegisterReply::NewSession(new, _) => (Some(new.metaid), Status::OK),
                    RegisterReply::NewMetaSession(new) => (Some(new.metaid), Status::OK),
                    RegisterReply::Challenge(_) => (None, Status::OK),
                };
                self.world.metaids[side] = metaid.unwrap_or(self.world.metaids[side]);
                status = status.or(Some(found));
            }
            self.sides[side].put_back(key, frame);
        }
        self.compare(&Sent { client, ..sent }, key);
        status.context("no answer to a registration")
    }

    /// Takes up a session on a new connection, as a client does that has lost its own.
    pub fn come_back(&mut self, client: usize) -> Result<()> {
        let it = &CLIENTS[client];
        if matches!(it.kind, Kind::Guest | Kind::Tools) {
            return self.open(client);
        }
        let session = SessionId(*self.world.sessions.get(&client).context("no session to take up")?);
        for side in &mut self.sides {
            side.connect(client, it.address())?;
        }
        let version = OUR_VERSION;
        let requests =
            self.world.metaids.map(|id| Register::Reconnect { session, version, metaid: Some(id) });
        let status = self.register(client, requests)?;
        ensure!(status == Status::OK, "client {client} could not reconnect: {status}");
        Ok(())
    }

    /// Loses a connection and takes the session up again.
    pub fn drop_connection(&mut self, client: usize) -> Result<()> {
        self.sides.iter_mut().for_each(|side| side.disconnect(client));
        if matches!(CLIENTS[client].kind, Kind::Mount | Kind::Meta) {
            self.wait_sessions(client, |info| info.is_none_or(|info| info == 0))?;
        }
        self.step += 1;
        self.forget_chunk_requests(client);
        self.come_back(client)
    }

    /// Closes a session, waits until both masters have removed it, and opens a new one.
    pub fn leave(&mut self, client: usize) -> Result<()> {
        let session = SessionId(*self.world.sessions.get(&client).context("no session to close")?);
        let requests = self.world.metaids.map(|id| Register::Close { session, metaid: Some(id) });
        self.register(client, requests)?;
        self.forget(|sent| sent.client == client);
        let open = self.world.open.remove(&client).unwrap_or_default();
        self.closed_files(client, &open.into_iter().collect::<Vec<_>>())?;
        self.sides.iter_mut().for_each(|side| side.disconnect(client));
        self.wait_sessions(client, |info| info.is_none())?;
        self.step += 1;
        self.world.sessions.remove(&client);
        self.open(client)
    }

    /// Lets somebody ask for a session who gets none.
    pub fn refused(&mut self, attempt: &Attempt) -> Result<()> {
        for side in &mut self.sides {
            side.connect(NOBODY, attempt.from)?;
        }
        let digests = match attempt.password {
            Some(password) => self.digests(NOBODY, password)?.map(Some),
            None => [attempt.unasked.then_some([7; 16]); 2],
        };
        let requests = digests.map(|digest| {
            let (info, tail) = (Bytes32::new(b"refused\0"), SessionTail { rejoin: None, digest });
            let version = attempt.version;
            match attempt.path {
                Some(path) => {
                    Register::NewSession { version, info, path: Bytes32::new(path.as_bytes()), tail }
                }
                None => Register::NewMetaSession { version, info, tail },
            }
        });
        let status = self.register(NOBODY, requests)?;
        self.step += 1;
        self.sides.iter_mut().for_each(|side| side.disconnect(NOBODY));
        ensure!(status != Status::OK, "{attempt:?} was let in");
        Ok(())
    }

    /// Waits until the number of connections of the client's session is right at both masters; none when it is gone.
    fn wait_sessions(&mut self, client: usize, right: impl Fn(Option<u8>) -> bool) -> Result<()> {
        let guest = CLIENTS.len() - 1;
        let session = self.world.sessions.get(&client).copied().unwrap_or(0);
        let mut question = Vec::new();
        encode_frame(&SessionList { form: Tag }, &mut question);
        let deadline = Instant::now() + REMOVAL;
        loop {
            let replies = self.ask(guest, &question, Key::Packet(guest, 509))?;
            let mut all = true;
            for reply in &replies {
                let MatoCl::SessionListReply(list) = MatoCl::decode(reply.id, &reply.body)? else {
                    bail!("no session list");
                };
                let found: Option<SessionInfo<'_>> = list.sessions.iter().find(|s| s.session.0 == session);
                all &= right(found.map(|info| info.connections));
            }
            if all {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "session {session} is not gone in time");
            self.keep_alive();
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Forgets requests that died with their connection; locks go on waiting.
    pub fn forget_chunk_requests(&mut self, client: usize) {
        self.forget(|sent| sent.client == client && !matches!(sent.id, 492 | 494));
    }
}

/// True for a packet that is a rename or a list of open files, which the driver looks at before it is sent.
pub fn needs_a_look(frame: &[u8]) -> bool {
    let id = frame.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    matches!(
        CltoMa::decode(id, &frame[HEADER_SIZE..]),
        Ok(CltoMa::FuseRename(_) | CltoMa::FuseSustainedInodes(_))
    )
}
